internal import Foundation

/// What a path names.
package enum FileKind: Sendable, Equatable {
    case missing
    case file
    case directory
    /// A symbolic link whose target does not exist.
    case brokenLink
    /// A device, a named pipe or a socket.
    case special
    /// Something that this process may not look at.
    case hidden(SystemError)

    /// Finds out what a path names; follows symbolic links.
    package init(_ path: String) {
        var status = stat()
        if stat(path, &status) == 0 {
            self =
                switch status.st_mode & S_IFMT {
                case S_IFDIR: .directory
                case S_IFREG: .file
                default: .special
                }
            return
        }
        let error = SystemError(errno)
        if lstat(path, &status) == 0 {
            self = .brokenLink
        } else if error.number == ENOENT || error.number == ENOTDIR {
            self = .missing
        } else {
            self = .hidden(error)
        }
    }

    /// Words for a message, such as "a directory".
    package var words: String {
        switch self {
        case .missing: "missing"
        case .file: "a file"
        case .directory: "a directory"
        case .brokenLink: "a symbolic link to something that does not exist"
        case .special: "a device, pipe or socket"
        case .hidden(let error): "not readable (\(error))"
        }
    }
}

/// The first bytes of a regular file.
package enum FileBeginning {
    /// Reads up to a number of bytes; never waits, as reading a named pipe would.
    ///
    /// - Throws: the error of the system call that failed; `EINVAL` for anything but a regular file.
    package static func read(_ path: String, bytes: Int) throws(SystemError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(EINVAL) }
        var contents = [UInt8](repeating: 0, count: min(bytes, max(Int(status.st_size), 0)))
        var count = 0
        while count < contents.count {
            let read = contents.withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw SystemError(errno) }
            if read == 0 { break }
            count += read
        }
        return Array(contents.prefix(count))
    }
}

/// Which file a path leads to, whatever its name.
package struct FileIdentity: Equatable {
    private let device: UInt64
    private let number: UInt64

    /// Finds the file; `nil` if there is none.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
    }
}
