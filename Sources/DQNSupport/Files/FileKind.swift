internal import Foundation

/// What a path names.
package enum FileKind: Sendable, Equatable {
    case missing
    case file
    case directory
    /// A symbolic link whose target does not exist.
    case brokenLink
    /// A symbolic link, wherever it leads; only ``init(entry:)`` finds it.
    case link
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

    /// Finds out what a name in a directory is that somebody else may have filled; follows no symbolic link.
    package init(entry path: String) {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
            self = .link
        } else {
            self.init(path)
        }
    }

    /// Why a symbolic link in a run's directory is refused, for messages.
    package static let linkRule =
        "a run directory may come from somebody else, so symbolic links in it are never followed"

    /// Words for a message, such as "a directory".
    package var words: String {
        switch self {
        case .missing: "missing"
        case .file: "a file"
        case .directory: "a directory"
        case .brokenLink: "a symbolic link to something that does not exist"
        case .link: "a symbolic link"
        case .special: "a device, pipe or socket"
        case .hidden(let error): "not readable (\(error))"
        }
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
