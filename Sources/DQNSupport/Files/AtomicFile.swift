package import Foundation

/// Replaces small files: a kill or a crash at any time leaves the old or the new contents, complete.
///
/// The unfinished file always has the same hidden name beside its target, so the next write replaces what a killed
/// process left. Two processes must not write the same file at once; a run's directory is locked.
package enum AtomicFile {
    /// Names that end so are unfinished files of this program.
    private static let ending = ".dqn-tmp"
    /// The most bytes of a name that keep the unfinished file's name within the 255 bytes of most file systems.
    private static let longestName = 240

    /// Returns the path of the unfinished file of a path.
    package static func temporary(of path: String) -> String {
        let folder = folder(of: path)
        let name = path.dropFirst(folder.count)
        return "\(folder).\(name.utf8.count > longestName ? "output" : name)\(ending)"
    }

    /// Writes a file completely, or leaves what was there. Keeps the permissions of a replaced file.
    ///
    /// - Parameters:
    ///   - synchronising: whether the contents must survive a power failure. Otherwise one may leave the file empty.
    ///   - followingLinks: whether a symbolic link stays and its target is replaced, as for a path that the user has named.
    ///     Otherwise the link itself is replaced.
    /// - Throws: the error of the first system call that failed.
    package static func write(
        _ contents: Data, to path: String, synchronising: Bool = true, followingLinks: Bool = false
    ) throws(SystemError) {
        try write(to: path, synchronising: synchronising, followingLinks: followingLinks) {
            (descriptor) throws(SystemError) in try write(contents, to: descriptor)
        }
    }

    /// Copies a file of any size, which may come from a stranger: memory holds a part of it.
    ///
    /// - Throws: The error of the first system call that failed.
    package static func copy(_ file: borrowing RegularFile, to path: String) throws(SystemError) {
        let source = file.descriptor
        let byteCount = file.byteCount
        try write(to: path, synchronising: true, followingLinks: false) { (descriptor) throws(SystemError) in
            var position = 0
            while position < byteCount {
                let part = try RegularFile.read(source, min(1 << 20, byteCount - position), at: position)
                if part.isEmpty { return }
                try write(Data(part), to: descriptor)
                position += part.count
            }
        }
    }

    /// Writes a file like ``write(_:to:synchronising:followingLinks:)``, with contents of any size.
    ///
    /// - Parameter contents: writes them to a descriptor.
    package static func write(
        to path: String, synchronising: Bool, followingLinks: Bool,
        contents: (Int32) throws(SystemError) -> Void
    ) throws(SystemError) {
        let target = (followingLinks ? CanonicalPath.find(path) : nil) ?? path
        let temporary = temporary(of: target)
        unlink(temporary)
        let unfinished = ProcessEnding.UnfinishedFile(temporary)
        defer { unfinished.forget() }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemError(errno) }
        do throws(SystemError) {
            do throws(SystemError) {
                try contents(descriptor)
                var replaced = stat()
                if lstat(target, &replaced) == 0, replaced.st_mode & S_IFMT == S_IFREG {
                    _ = fchmod(descriptor, replaced.st_mode & 0o7777)
                }
                if synchronising, fsync(descriptor) != 0 { throw SystemError(errno) }
            } catch {
                close(descriptor)
                throw error
            }
            guard close(descriptor) == 0 else { throw SystemError(errno) }
            guard rename(temporary, target) == 0 else { throw SystemError(errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        if synchronising { try Directories.synchronise(folder(of: target)) }
    }

    /// Writes all bytes at a descriptor's position.
    package static func write(_ contents: Data, to descriptor: Int32) throws(SystemError) {
        var rest = contents[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError(errno)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// The part of a path up to and including its last slash.
    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}
