internal import DQNModel

/// The type of elements of a data set or an attribute.
struct HierarchicalType {
    enum Kind {
        case number(ForeignTensor.Element)
        /// Text of a fixed size; spaces at its end may be padding.
        case text(isPaddedWithSpaces: Bool)
        case variableText
        /// Any other type, which can be skipped but not read.
        case other(String)
    }

    let kind: Kind
    /// The size of an element.
    let byteCount: Int

    /// Reads a datatype message.
    init(_ body: inout ByteReader) throws(InterchangeError) {
        let head = try body.byte()
        let flags = try body.number(3)
        byteCount = try body.count(4)
        switch head & 0x0f {
        case 0: kind = try Self.integer(&body, flags, byteCount)
        case 1: kind = try Self.float(&body, flags, byteCount)
        case 3: kind = .text(isPaddedWithSpaces: flags & 0x0f == 2)
        case 9: kind = flags & 0x0f == 1 && byteCount == 16 ? .variableText : .other("sequences of variable length")
        case 6: kind = .other("records")
        case 8: kind = .other("enumerations")
        default: kind = .other("elements of class \(head & 0x0f)")
        }
    }

    private static func integer(
        _ body: inout ByteReader, _ flags: UInt64, _ byteCount: Int
    ) throws(InterchangeError) -> Kind {
        let (offset, precision) = (try body.count(2), try body.count(2))
        let isSigned = flags & 8 != 0
        guard offset == 0, precision == 8 * byteCount, flags & 1 == 0 || byteCount == 1 else {
            return .other("integers of an uncommon layout")
        }
        switch byteCount {
        case 1: return .number(isSigned ? .int8 : .uint8)
        case 2: return .number(isSigned ? .int16 : .uint16)
        case 4: return .number(isSigned ? .int32 : .uint32)
        case 8: return .number(isSigned ? .int64 : .uint64)
        default: return .other("integers of \(byteCount) bytes")
        }
    }

    private static func float(
        _ body: inout ByteReader, _ flags: UInt64, _ byteCount: Int
    ) throws(InterchangeError) -> Kind {
        _ = try body.take(4)
        let (exponent, exponentBits) = (try body.byte(), try body.byte())
        let (mantissa, mantissaBits) = (try body.byte(), try body.byte())
        let bias = try body.number(4)
        guard flags & 0x41 == 0, mantissa == 0, exponent == mantissaBits else {
            return .other("numbers of another byte order or layout")
        }
        switch (byteCount, exponentBits, mantissaBits, bias) {
        case (2, 5, 10, 15): return .number(.float16)
        case (2, 8, 7, 127): return .number(.bfloat16)
        case (4, 8, 23, 127): return .number(.float32)
        case (8, 11, 52, 1023): return .number(.float64)
        default: return .other("numbers of \(byteCount) bytes in an uncommon layout")
        }
    }
}

/// The extents of a data set or an attribute.
enum HierarchicalSpace {
    /// Reads a dataspace message: no extents for a scalar, `nil` if it has no elements at all.
    static func shape(_ body: inout ByteReader) throws(InterchangeError) -> [Int]? {
        let version = try body.byte()
        let rank = try body.count(1)
        _ = try body.byte()
        guard version == 1 || version == 2, rank <= 32 else {
            throw .malformed("\(body.name) has extents of an unknown kind.")
        }
        let isNull = version == 2 ? try body.byte() == 2 : false
        if version == 1 { _ = try body.take(5) }
        var shape: [Int] = []
        for _ in 0..<rank { shape.append(try body.count(8)) }
        return isNull ? nil : shape
    }
}
