internal import DQNModel

/// Reads the wire format of Protocol Buffers field by field. Nothing is copied or nested here: a message within a field
/// is bytes that another reader takes.
struct ProtocolBufferReader {
    /// A field of a message.
    struct Field {
        /// What a field holds, as far as the wire format says.
        enum Value {
            case number(UInt64)
            case fixed32(UInt32)
            case fixed64(UInt64)
            case bytes(ArraySlice<UInt8>)
        }

        let number: Int
        let value: Value
        /// How errors call the message.
        let message: String
    }

    private var reader: ByteReader

    init(_ bytes: ArraySlice<UInt8>, _ name: String) { reader = ByteReader(bytes, name) }

    /// Returns the next field, or `nil` at the end.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`).
    mutating func next() throws(InterchangeError) -> Field? {
        guard reader.remaining > 0 else { return nil }
        let key = try variable()
        guard let number = Int(exactly: key >> 3), (1..<(1 << 29)).contains(number) else {
            throw .malformed("\(reader.name) has an impossible field before byte \(reader.offset).")
        }
        let value: Field.Value
        switch key & 7 {
        case 0: value = .number(try variable())
        case 1: value = .fixed64(try reader.number(8))
        case 2:
            let count = try variable()
            guard count <= UInt64(reader.remaining) else {
                throw .malformed("\(reader.name) ends within its field \(number), which has \(count) bytes.")
            }
            value = .bytes(try reader.take(Int(count)))
        case 5: value = .fixed32(UInt32(try reader.number(4)))
        default:
            throw .malformed("\(reader.name) has a field \(number) of the unknown wire type \(key & 7).")
        }
        return Field(number: number, value: value, message: reader.name)
    }

    /// Reads a number of up to ten bytes with seven bits each, the lowest first.
    fileprivate mutating func variable() throws(InterchangeError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try reader.byte()
            result |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 {
                guard shift < 63 || byte <= 1 else { break }
                return result
            }
        }
        throw .malformed("\(reader.name) has a number of more than 64 bits before byte \(reader.offset).")
    }

    /// Whether all bytes have been read.
    fileprivate var isAtEnd: Bool { reader.remaining == 0 }
}

extension ProtocolBufferReader.Field {
    private var wrongType: InterchangeError { .malformed("\(message) has a field \(number) of another type.") }

    /// The bytes of a text, a message or packed numbers.
    func bytes() throws(InterchangeError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = value else { throw wrongType }
        return bytes
    }

    /// Text in UTF-8.
    func text() throws(InterchangeError) -> String {
        guard let text = String(validating: try bytes(), as: UTF8.self) else {
            throw .malformed("\(message) has a field \(number) that is not UTF-8.")
        }
        return text
    }

    /// A signed number. Negative ones have all ten bytes.
    func integer() throws(InterchangeError) -> Int {
        guard case .number(let bits) = value else { throw wrongType }
        return Int(Int64(bitPattern: bits))
    }

    /// A number in binary32.
    func float() throws(InterchangeError) -> Float {
        guard case .fixed32(let bits) = value else { throw wrongType }
        return Float(bitPattern: bits)
    }

    /// Appends numbers, packed or one by one.
    func appendIntegers(to numbers: inout [Int]) throws(InterchangeError) {
        guard case .bytes(let bytes) = value else {
            numbers.append(try integer())
            return
        }
        var packed = ProtocolBufferReader(bytes, message)
        while !packed.isAtEnd { numbers.append(Int(Int64(bitPattern: try packed.variable()))) }
    }

    /// Appends the bytes of little-endian numbers of a width, packed or one by one.
    func appendWords(of width: Int, to words: inout [UInt8]) throws(InterchangeError) {
        switch value {
        case .bytes(let bytes) where bytes.count.isMultiple(of: width): words += bytes
        case .fixed32(let bits) where width == 4: words += (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
        case .fixed64(let bits) where width == 8: words += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
        default: throw wrongType
        }
    }
}
