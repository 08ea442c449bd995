package import Foundation

/// Turns a path as a user typed it into an absolute one with the kernel's meaning.
///
/// Foundation removes `..` from the text: `link/../x` would be `x`, although the directory above the target of `link`
/// has another `x`.
package enum AbsolutePath {
    /// Why a path cannot be used.
    package enum Failure: Error, Sendable, Equatable {
        /// The text is empty.
        case empty
        /// A directory before `..` does not exist, or cannot be entered.
        case unreachable(folder: String, SystemError)
        /// The name of the current directory, or of one that the path leads to, is not valid UTF-8.
        case notUnicode
    }

    /// Returns the absolute path. Symbolic links stay, except before `..`.
    package static func resolve(_ path: String) throws(Failure) -> String {
        guard !path.isEmpty else { throw .empty }
        let path = path.hasPrefix("~") ? NSString(string: path).expandingTildeInPath : path
        let components = path.split(separator: "/").filter { $0 != "." }
        let isAbsolute = path.hasPrefix("/")
        var rest = components[...]
        var base: String
        if let last = components.lastIndex(of: "..") {
            let folder = (isAbsolute ? "/" : "") + components[...last].joined(separator: "/")
            base = try canonical(folder)
            rest = components[(last + 1)...]
        } else {
            base = isAbsolute ? "/" : try canonical(".")
        }
        for component in rest { base += base.hasSuffix("/") ? component : "/\(component)" }
        return base
    }

    private static func canonical(_ folder: String) throws(Failure) -> String {
        guard let resolved = realpath(folder, nil) else {
            throw .unreachable(folder: folder, SystemError(errno))
        }
        // realpath allocated the text; the caller frees it.
        defer { free(resolved) }
        guard let text = String(validatingCString: resolved) else { throw .notUnicode }
        return text
    }
}

/// Creates directories.
package enum Directories {
    /// Creates a directory and those above it, unless they exist.
    ///
    /// - Parameter mode: the permissions of new ones.
    /// - Throws: the error of the first that could not be created: `ENOTDIR` if a file has the name of one.
    package static func create(_ path: String, mode: mode_t = 0o777) throws(SystemError) {
        if FileKind(path) == .directory { return }
        var end = path.startIndex
        while end < path.endIndex {
            end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
            let folder = String(path[..<end])
            if mkdir(folder, mode) == 0 { continue }
            let error = SystemError(errno)
            // A directory that exists may lie in one that cannot be written.
            switch FileKind(folder) {
            case .directory: continue
            case .missing: throw error
            case .hidden(let error): throw error
            default: throw SystemError(ENOTDIR)
            }
        }
    }
}
