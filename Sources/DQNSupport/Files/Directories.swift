package import Foundation

/// Creates directories, and records their entries on the disk.
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

    /// Flushes a directory's entries to disk. Does nothing for a directory that cannot be opened for lack of
    /// permission, or that its file system cannot flush.
    package static func synchronise(_ path: String) throws(SystemError) {
        let descriptor = open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == EACCES || errno == EPERM { return }
            throw SystemError(errno)
        }
        defer { close(descriptor) }
        if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP { throw SystemError(errno) }
    }
}
