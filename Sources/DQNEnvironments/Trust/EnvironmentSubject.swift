internal import DQNModel
internal import DQNSupport
internal import Foundation

/// An environment as the user names it: what decides which code it loads.
package struct EnvironmentSubject: Codable, Sendable, Equatable {
    /// `plugin` or `gymnasium`.
    var kind: String
    /// The canonical path of the library, or the path of the Python.
    var location: String
    /// The canonical paths of the directories with modules of the user's own: another project has modules of the same
    /// name.
    var folders: [String]
    /// The environment's name, with the Python module that registers it.
    var name: String
    /// The options in order, each a key and a value, without those that bring no code.
    var options: [[String]]

    init(_ id: EnvironmentID, _ settings: GymnasiumSettings) {
        name = id.name
        switch id.kind {
        case .plugIn(let path):
            kind = "plugin"
            location = (try? PluginLibrary.locate(path)) ?? Self.absolute(path)
            folders = []
            options = id.arguments.pairs.map { [$0.key, $0.value] }
        case .gymnasium, .registered:
            kind = "gymnasium"
            let python = (try? settings.locatePython()) ?? ""
            // The link in a virtual environment is what makes it one.
            location = python.contains("/") ? Self.absolute(python) : python
            folders = settings.pythonPath.map { CanonicalPath.find($0) ?? $0 }
            let harmless = KnownGymnasium.commonOptions.union(KnownGymnasium.options[id.name] ?? [])
            options = id.arguments.pairs.filter { !harmless.contains($0.key) }.map { [$0.key, $0.value] }
        }
    }

    /// The regular files that values of options name, by canonical path.
    var optionFiles: [String] {
        options.compactMap { pair in
            guard let value = pair.last, let path = try? AbsolutePath.resolve(value),
                let canonical = CanonicalPath.find(path), FileKind(canonical) == .file
            else { return nil }
            return canonical
        }
    }

    /// The same environment without some of its options and without its directories.
    func comparable(ignoring keys: Set<String>) -> EnvironmentSubject {
        var subject = self
        subject.folders = []
        subject.options.removeAll { keys.contains($0.first ?? "") }
        return subject
    }

    /// The absolute path of a file, which need not exist, with its folder's canonical path.
    private static func absolute(_ path: String) -> String {
        guard let absolute = try? AbsolutePath.resolve(path) else { return path }
        let url = URL(fileURLWithPath: absolute)
        guard let folder = CanonicalPath.find(url.deletingLastPathComponent().path) else { return absolute }
        return folder == "/" ? "/\(url.lastPathComponent)" : "\(folder)/\(url.lastPathComponent)"
    }
}

/// Paths without symbolic links.
enum CanonicalPath {
    /// The path of what a path leads to; `nil` if there is nothing.
    static func find(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        // realpath allocated the text; the caller frees it.
        defer { free(resolved) }
        return String(validatingCString: resolved)
    }
}

/// An environment that the user has named, with the files that it loaded.
package struct KnownEnvironment: Codable, Sendable, Equatable {
    /// The layout of this document.
    var layout = 1
    /// The environment.
    var environment: EnvironmentSubject
    /// The SHA-256 in hexadecimal of each file outside the interpreter's own packages, by canonical path.
    var files: [String: String]
}
