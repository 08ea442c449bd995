internal import Foundation

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
