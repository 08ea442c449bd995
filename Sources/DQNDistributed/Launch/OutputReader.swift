internal import Foundation

/// Reads what a process writes to a pipe, without ever waiting for it.
struct OutputReader {
    /// A longer line is returned in parts: memory does not grow with what a process writes.
    private static let longestLine = 1 << 16
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var isEnded = false

    /// - Parameter descriptor: a non-blocking one, which the owner closes.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Reads what is available, up to the longest line; a process that writes without end does not hold up the others.
    private mutating func read() {
        withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 1) { buffer in
            while !isEnded, bytes.count < Self.longestLine {
                let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                if count == 0 || count < 0 && errno != EAGAIN { isEnded = true }
                if count <= 0 { return }
                bytes += buffer[..<count]
            }
        }
    }

    /// Returns the next line without its end, if it is complete.
    ///
    /// - Parameter isLast: whether nothing will follow, so that a line without an end is complete.
    mutating func line(isLast: Bool = false) -> String? {
        if !bytes.contains(UInt8(ascii: "\n")) { read() }
        if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            defer { bytes.removeFirst(end + 1) }
            return String(decoding: bytes[..<end], as: UTF8.self)
        }
        guard bytes.count >= Self.longestLine || isLast && !bytes.isEmpty else { return nil }
        defer { bytes = [] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns everything that is available.
    mutating func rest() -> Data {
        read()
        defer { bytes = [] }
        return Data(bytes)
    }
}
