internal import DQNModel
internal import Foundation

extension PluginLibrary {
    /// The environment variable that lists more folders with libraries.
    private static let searchVariable = "DQN_PLUGIN_PATH"

    /// Finds a library's file: the path as written, or else a file of the same name in a folder of `DQN_PLUGIN_PATH`.
    ///
    /// - Returns: the canonical path.
    /// - Throws: ``EnvironmentError``: `pluginNotFound` if there is no such file, `invalidPlugin` if it is not a
    ///   regular one.
    static func locate(_ path: String) throws(EnvironmentError) -> String {
        let folders = (ProcessInfo.processInfo.environment[searchVariable] ?? "").split(separator: ":")
        let file = URL(fileURLWithPath: path).lastPathComponent
        for candidate in [path] + folders.map({ "\($0)/\(file)" }) {
            guard let canonical = canonical(candidate) else { continue }
            // Opening a named pipe would wait forever.
            var status = stat()
            guard stat(canonical, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw EnvironmentError(
                    code: .invalidPlugin,
                    message: "The plug-in '\(candidate)' is not a regular file; choose a shared library.")
            }
            return canonical
        }
        let searched = folders.isEmpty ? "" : ", nor '\(file)' in the folders of \(searchVariable)"
        throw EnvironmentError(
            code: .pluginNotFound,
            message:
                "There is no plug-in '\(path)'\(searched); add its folder to the variable \(searchVariable) or, "
                + "for a new run, name the library with --env plugin:PATH:NAME.")
    }

    private static func canonical(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        // realpath allocated the text; the caller frees it.
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
