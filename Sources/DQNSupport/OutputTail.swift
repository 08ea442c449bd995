internal import Foundation

/// The last part of what a process has written, for error messages.
package struct OutputTail: Sendable {
    private let limit: Int
    private var bytes: [UInt8] = []
    /// Whether the output is closed, by the process and by everything that inherited it.
    package private(set) var isEnded = false

    /// - Parameter limit: the minimum number of bytes to keep.
    package init(limit: Int) { self.limit = limit }

    /// The lines, the newest at the end.
    package var lines: [Substring] { String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) }

    /// Reads everything that is available from a non-blocking descriptor.
    package mutating func drain(_ descriptor: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count == 0 { isEnded = true }
                if count <= 0 { return }
                bytes += buffer[..<count]
                if bytes.count > 2 * limit { bytes.removeFirst(bytes.count - limit) }
            }
        }
    }
}
