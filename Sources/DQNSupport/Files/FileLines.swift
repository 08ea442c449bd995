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
    /// - Throws: ``SystemError`` of the system call that failed; `EINVAL` for anything but a regular file, `ELOOP` for a
    ///   symbolic link, `EFBIG` for a file of more than ``byteLimit`` bytes; what `body` throws.
    package static func forEach(_ path: String, _ body: (ArraySlice<UInt8>?) throws -> Void) throws {
        let file = try RegularFile(path, followingLinks: false)
        guard file.byteCount <= byteLimit else { throw SystemError(EFBIG) }
        var position = 0
        // The beginning of a line that goes on in the next block, and whether it is too long to be kept.
        var beginning: [UInt8] = []
        var isTooLong = false
        while true {
            var rest = try file.read(blockBytes, at: position)[...]
            if rest.isEmpty { return }
            position += rest.count
            while let end = lineFeed(in: rest) {
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

    /// Returns the index of the first line feed.
    private static func lineFeed(in bytes: ArraySlice<UInt8>) -> Int? {
        // A long line without one is searched faster than by comparing elements.
        bytes.withUnsafeBytes { memory in
            guard let start = memory.baseAddress, let found = memchr(start, Int32(UInt8(ascii: "\n")), memory.count)
            else { return nil }
            return bytes.startIndex + (UnsafeRawPointer(found) - start)
        }
    }
}
