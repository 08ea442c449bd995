internal import DQNModel

/// Reads little-endian numbers from bytes in order, within their bounds.
struct ByteReader: Sendable {
    let bytes: ArraySlice<UInt8>
    /// How errors call what is read.
    let name: String
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>, _ name: String) {
        self.bytes = bytes
        self.name = name
        position = bytes.startIndex
    }

    /// The number of bytes that have not been read.
    var remaining: Int { bytes.endIndex - position }
    /// The number of bytes that have been read.
    var offset: Int { position - bytes.startIndex }

    mutating func take(_ count: Int) throws(InterchangeError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw .malformed("\(name) ends too early: \(count) bytes are missing at byte \(offset).")
        }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    mutating func byte() throws(InterchangeError) -> UInt8 {
        guard position < bytes.endIndex else { throw .malformed("\(name) ends too early, at byte \(offset).") }
        defer { position += 1 }
        return bytes[position]
    }

    /// Reads an unsigned number of up to eight bytes.
    mutating func number(_ count: Int) throws(InterchangeError) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads an unsigned number that counts something in memory.
    mutating func count(_ size: Int) throws(InterchangeError) -> Int {
        let value = try number(size)
        guard let count = Int(exactly: value) else {
            throw .malformed("\(name) has the impossible count \(value) before byte \(offset).")
        }
        return count
    }

    /// Reads text up to a newline, which is not part of it.
    mutating func line() throws(InterchangeError) -> String {
        guard let end = bytes[position...].firstIndex(of: 0x0a) else {
            throw .malformed("\(name) ends within a line that starts at byte \(offset).")
        }
        let line = try take(end - position)
        position += 1
        return try text(line)
    }

    /// Returns bytes as text.
    func text(_ bytes: ArraySlice<UInt8>) throws(InterchangeError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("\(name) has text that is not UTF-8 before byte \(offset).")
        }
        return text
    }
}
