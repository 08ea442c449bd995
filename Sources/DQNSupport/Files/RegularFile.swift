package import Foundation

/// An open regular file. Opening never waits, as opening a named pipe would, and never opens a device.
package struct RegularFile: ~Copyable {
    /// Closed with the value.
    package let descriptor: Int32
    /// The size when it was opened.
    package let byteCount: Int
    /// The number of names of the file.
    package let linkCount: Int

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - flags: for `open`.
    ///   - followingLinks: whether `path` may be a symbolic link. It must not in a directory that somebody else may have
    ///     filled.
    /// - Throws: the error of the system call that failed; `EINVAL` for anything but a regular file, `ELOOP` for a
    ///   symbolic link.
    package init(_ path: String, _ flags: Int32 = O_RDONLY, followingLinks: Bool) throws(SystemError) {
        let following = followingLinks ? 0 : O_NOFOLLOW
        let descriptor = open(path, flags | following | O_NONBLOCK | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemError(errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw SystemError(EINVAL)
        }
        self.descriptor = descriptor
        byteCount = max(Int(status.st_size), 0)
        linkCount = Int(status.st_nlink)
    }

    deinit { close(descriptor) }

    /// Reads up to a number of bytes; fewer at the end of the file.
    package func read(_ count: Int, at offset: Int = 0) throws(SystemError) -> [UInt8] {
        try Self.read(descriptor, min(max(count, 0), max(byteCount - offset, 0)), at: offset)
    }

    /// Reads up to a number of bytes of a descriptor; fewer at the end of the file.
    static func read(_ descriptor: Int32, _ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
        var contents = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < contents.count {
            let found = contents.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + filled, $0.count - filled, off_t(offset + filled))
            }
            if found < 0, errno == EINTR { continue }
            guard found >= 0 else { throw SystemError(errno) }
            if found == 0 { break }
            filled += found
        }
        return Array(contents.prefix(filled))
    }

    /// Reads the file to its end, whatever size the system states.
    ///
    /// - Throws: The error of the system call that failed; `EFBIG` for a file of more than `limit` bytes.
    package func contents(limit: Int) throws(SystemError) -> Data {
        try Self.contents(of: descriptor, limit: limit)
    }

    /// Reads a descriptor to its end.
    ///
    /// - Throws: The error of the system call that failed; `EFBIG` if there are more than `limit` bytes.
    package static func contents(of descriptor: Int32, limit: Int) throws(SystemError) -> Data {
        var contents = Data()
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = piece.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError(errno) }
            if count == 0 { return contents }
            guard contents.count + count <= limit else { throw SystemError(EFBIG) }
            contents += piece.prefix(count)
        }
    }

    /// Reads a whole file.
    ///
    /// - Throws: The error of the system call that failed; `EFBIG` for a file of more than `limit` bytes.
    package static func contents(_ path: String, limit: Int) throws(SystemError) -> Data {
        try RegularFile(path, followingLinks: true).contents(limit: limit)
    }

    /// Reads a whole file of a directory that somebody else may have filled.
    ///
    /// - Throws: The error of the system call that failed; `EFBIG` for a file of more than `limit` bytes.
    package static func contents(ofEntry path: String, limit: Int) throws(SystemError) -> Data {
        try RegularFile(path, followingLinks: false).contents(limit: limit)
    }

    /// Reads the first bytes of a file of a directory that somebody else may have filled.
    package static func beginning(ofEntry path: String, bytes: Int) throws(SystemError) -> [UInt8] {
        try RegularFile(path, followingLinks: false).read(bytes)
    }
}
