internal import Foundation

/// The lines of a file of any size, which may come from a stranger: memory holds one line at a time.
package enum FileLines {
    /// The maximum number of bytes of a line.
    package static let lineLimit = 1 << 20
    /// The maximum number of bytes of a file: months of a run's records.
    package static let byteLimit = 1 << 32
    private static let blockBytes = 1 << 16

    /// Calls `body` with each line that ends in a line feed, without it. The last line of a file may be unfinished and is
    /// left out then.
    ///
    /// - Parameter body: Receives `nil` for a line of more than ``lineLimit`` bytes.
    /// - Throws: ``SystemError`` of the system call that failed; `EINVAL` for anything but a regular file, `EFBIG` for a
    ///   file of more than ``byteLimit`` bytes; what `body` throws.
    package static func forEach(_ path: String, _ body: (ArraySlice<UInt8>?) throws -> Void) throws {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(EINVAL) }
        guard Int(status.st_size) <= byteLimit else { throw SystemError(EFBIG) }
        var block = [UInt8](repeating: 0, count: blockBytes)
        // The beginning of a line that goes on in the next block, and whether it is too long to be kept.
        var beginning: [UInt8] = []
        var isTooLong = false
        while true {
            let count = block.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError(errno) }
            if count == 0 { return }
            var rest = block[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let part = rest[..<end]
                if isTooLong || beginning.count + part.count > lineLimit {
                    try body(nil)
                } else {
                    try body(beginning.isEmpty ? part : (beginning + part)[...])
                }
                (beginning, isTooLong) = ([], false)
                rest = rest[(end + 1)...]
            }
            if beginning.count + rest.count > lineLimit { (beginning, isTooLong) = ([], true) }
            if !isTooLong { beginning += rest }
        }
    }
}

/// A whole file of a limited size.
package enum WholeFile {
    /// Reads a regular file.
    ///
    /// - Throws: The error of the system call that failed; `EINVAL` for anything but a regular file, `EFBIG` for one of
    ///   more than `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let bytes = try FileBeginning.read(path, bytes: limit + 1)
        guard bytes.count <= limit else { throw SystemError(EFBIG) }
        return bytes
    }
}
