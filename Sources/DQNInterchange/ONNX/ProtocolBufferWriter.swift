/// Writes the wire format of Protocol Buffers, fields in the order of the calls.
struct ProtocolBufferWriter {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: Int, _ number: Int) {
        variable(UInt64(field) << 3)
        variable(UInt64(bitPattern: Int64(number)))
    }

    mutating func add(_ field: Int, _ float: Float) {
        variable(UInt64(field) << 3 | 5)
        let bits = float.bitPattern
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }

    mutating func add(_ field: Int, _ contents: some Collection<UInt8>) {
        variable(UInt64(field) << 3 | 2)
        variable(UInt64(contents.count))
        bytes += contents
    }

    mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

    mutating func add(_ field: Int, _ numbers: [Int]) { for number in numbers { add(field, number) } }

    /// Adds a message within a field.
    mutating func add(_ field: Int, _ body: (inout ProtocolBufferWriter) -> Void) {
        var message = ProtocolBufferWriter()
        body(&message)
        add(field, message.bytes)
    }

    /// Adds the fields of another message behind these.
    mutating func append(_ other: ProtocolBufferWriter) { bytes += other.bytes }

    private mutating func variable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
