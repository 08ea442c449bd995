/// Writes the wire format of Protocol Buffers, fields in the order of the calls.
package struct ProtocolBufferWriter {
    /// The message so far.
    package private(set) var bytes: [UInt8] = []

    /// Creates an empty message.
    package init() {}

    /// Adds an integer.
    package mutating func add(_ field: Int, _ number: Int) {
        variable(UInt64(field) << 3)
        variable(UInt64(bitPattern: Int64(number)))
    }

    /// Adds a number in binary32.
    package mutating func add(_ field: Int, _ float: Float) {
        variable(UInt64(field) << 3 | 5)
        let bits = float.bitPattern
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }

    /// Adds a number in binary64. It has a name of its own, since a literal would choose this type over binary32.
    package mutating func addDouble(_ field: Int, _ number: Double) {
        variable(UInt64(field) << 3 | 1)
        append(number)
    }

    /// Adds numbers in binary64, packed.
    package mutating func addDoubles(_ field: Int, _ numbers: [Double]) {
        variable(UInt64(field) << 3 | 2)
        variable(UInt64(8 * numbers.count))
        for number in numbers { append(number) }
    }

    /// Adds the bytes of a message, or any others.
    package mutating func add(_ field: Int, _ contents: some Collection<UInt8>) {
        variable(UInt64(field) << 3 | 2)
        variable(UInt64(contents.count))
        bytes += contents
    }

    /// Adds text.
    package mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

    /// Adds integers, one by one.
    package mutating func add(_ field: Int, _ numbers: [Int]) { for number in numbers { add(field, number) } }

    /// Adds a message within a field.
    package mutating func add(_ field: Int, _ body: (inout ProtocolBufferWriter) -> Void) {
        var message = ProtocolBufferWriter()
        body(&message)
        add(field, message.bytes)
    }

    /// Adds the fields of another message behind these.
    package mutating func append(_ other: ProtocolBufferWriter) { bytes += other.bytes }

    private mutating func append(_ number: Double) {
        let bits = number.bitPattern
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }

    private mutating func variable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
