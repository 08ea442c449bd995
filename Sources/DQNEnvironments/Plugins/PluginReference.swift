internal import DQNModel
internal import Foundation

/// Which environment of which library an id means, and its options: what follows `plugin:`, as in `PATH`, `PATH:NAME` or
/// `PATH:NAME?size=7,slip=0.1`.
struct PluginReference {
    /// The variable that names further folders of libraries.
    static let searchVariable = "DQN_PLUGIN_PATH"

    /// The library's file as the id has it.
    let path: String
    /// The environment's name; `nil` where the library has one only.
    let name: String?
    /// The options as the id has them; empty without any.
    let query: String
    /// The options by key, without percent escapes.
    let options: [String: String]

    /// Reads what follows `plugin:`.
    ///
    /// A name has no slash, so that a path with a colon in one of its folders needs no name behind it.
    /// - Throws: ``EnvironmentError``: `unknownEnvironment` without a path, and for what can be no name; `invalidOptions`.
    init(_ text: String) throws(EnvironmentError) {
        let mark = text.firstIndex(of: "?") ?? text.endIndex
        query = String(text[mark...].dropFirst())
        options = Dictionary(uniqueKeysWithValues: try EnvironmentOptions(text).pairs.map { ($0.key, $0.value) })
        var (path, name) = (String(text[..<mark]), String?.none)
        if let colon = path.lastIndex(of: ":"), !path[colon...].contains("/") {
            name = String(path[colon...].dropFirst())
            path = String(path[..<colon])
        }
        guard !path.isEmpty, !path.contains("\0"), name.map(Self.isName) ?? true else {
            throw EnvironmentError(
                code: .unknownEnvironment,
                message: "'plugin:\(text)' names no environment of a plug-in; write plugin:PATH:NAME, as in "
                    + "plugin:./grid-world.so:GridWorld-v0.")
        }
        self.path = path
        self.name = name
    }

    /// Whether an environment can have this name.
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// The library's file: the path as it is written, or else a file of that name in a folder of `DQN_PLUGIN_PATH`.
    ///
    /// - Returns: its canonical path.
    /// - Throws: ``EnvironmentError`` (`pluginNotFound`) when there is no such file.
    func locate() throws(EnvironmentError) -> String {
        let folders = (ProcessInfo.processInfo.environment[Self.searchVariable] ?? "").split(separator: ":")
        let file = URL(fileURLWithPath: path).lastPathComponent
        for candidate in [path] + folders.map({ "\($0)/\(file)" }) {
            guard let canonical = Self.canonical(candidate) else { continue }
            // Opening a named pipe would wait for ever.
            var status = stat()
            guard stat(canonical, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw EnvironmentError(
                    code: .invalidPlugin, message: "The plug-in '\(candidate)' is no file; name a shared library.")
            }
            return canonical
        }
        let searched = folders.isEmpty ? "" : ", nor '\(file)' in the folders of \(Self.searchVariable)"
        throw EnvironmentError(
            code: .pluginNotFound,
            message: "There is no plug-in '\(path)'\(searched); put its folder into the variable "
                + "\(Self.searchVariable), or name the library by --env plugin:PATH:NAME where a run does not fix it.")
    }

    private static func canonical(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        // The text is malloc's, and ours to free.
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
