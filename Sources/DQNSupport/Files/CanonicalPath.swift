internal import Foundation

/// Paths without symbolic links.
package enum CanonicalPath {
    /// The path of what a path leads to; `nil` if there is nothing.
    package static func find(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        // realpath allocated the text; the caller frees it.
        defer { free(resolved) }
        return String(validatingCString: resolved)
    }
}
