internal import DQNModel

/// An array of another program: row-major and little-endian.
package struct ForeignTensor: Sendable, Equatable {
    /// The type of the elements.
    package enum Element: String, Sendable, Equatable, CaseIterable {
        case float16, bfloat16, float32, float64, int8, uint8, int16, uint16, int32, uint32, int64, uint64, bool

        package var byteCount: Int {
            switch self {
            case .int8, .uint8, .bool: 1
            case .float16, .bfloat16, .int16, .uint16: 2
            case .float32, .int32, .uint32: 4
            case .float64, .int64, .uint64: 8
            }
        }
    }

    /// The most elements that a tensor may have; networks have fewer parameters.
    static let countLimit = 1 << 31
    /// The most axes that a tensor may have.
    static let axisLimit = 32

    package let element: Element
    package let shape: [Int]
    let bytes: ArraySlice<UInt8>

    package var count: Int { shape.reduce(1, *) }

    /// Creates a tensor.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`) unless the bytes are those of the shape.
    init(_ element: Element, _ shape: [Int], _ bytes: ArraySlice<UInt8>, _ name: String) throws(InterchangeError) {
        let count = try Self.count(of: shape, name)
        guard bytes.count == count * element.byteCount else {
            throw .malformed(
                "\(name) has \(bytes.count) bytes; \(element.rawValue) \(shape) needs \(count * element.byteCount).")
        }
        self.element = element
        self.shape = shape
        self.bytes = bytes
    }

    /// Creates a tensor whose bytes are known to be those of the shape.
    init(_ element: Element, _ shape: [Int], unchecked bytes: ArraySlice<UInt8>) {
        self.element = element
        self.shape = shape
        self.bytes = bytes
    }

    /// Returns the number of elements of a shape from an untrusted file.
    static func count(of shape: [Int], _ name: String) throws(InterchangeError) -> Int {
        guard shape.count <= axisLimit else {
            throw .malformed("\(name) has \(shape.count) axes; at most \(axisLimit) are allowed.")
        }
        // An extent of 0 must not hide others, whose product may overflow.
        var count = 1
        for extent in shape where extent != 0 {
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            guard extent > 0, !overflows, product <= countLimit else {
                throw .malformed("\(name) has the impossible shape \(shape).")
            }
            count = product
        }
        return shape.contains(0) ? 0 : count
    }

    /// The elements as `Float`. Of types with more digits than binary32, each is rounded to the nearest.
    package var floats: [Float] {
        func integers<Integer: FixedWidthInteger>(_: Integer.Type) -> [Float] {
            words(Integer.self).map { Float($0) }
        }
        switch element {
        case .float16: return words(UInt16.self).map(Self.half)
        case .bfloat16: return words(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
        case .float32: return words(UInt32.self).map { Float(bitPattern: $0) }
        case .float64: return words(UInt64.self).map { Float(Double(bitPattern: $0)) }
        case .int8: return integers(Int8.self)
        case .uint8, .bool: return integers(UInt8.self)
        case .int16: return integers(Int16.self)
        case .uint16: return integers(UInt16.self)
        case .int32: return integers(Int32.self)
        case .uint32: return integers(UInt32.self)
        case .int64: return integers(Int64.self)
        case .uint64: return integers(UInt64.self)
        }
    }

    /// The elements as `Double`, for sums that must not be rounded before they are divided.
    package var doubles: [Double] {
        element == .float64 ? words(UInt64.self).map { Double(bitPattern: $0) } : floats.map(Double.init)
    }

    private func words<Word: FixedWidthInteger>(_: Word.Type) -> [Word] {
        bytes.withUnsafeBytes { buffer in
            (0..<(buffer.count / MemoryLayout<Word>.size)).map {
                Word(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self))
            }
        }
    }

    /// Returns a binary16 number, which binary32 holds exactly.
    private static func half(_ bits: UInt16) -> Float {
        let sign: Float = bits >> 15 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1f)
        let fraction = Float(bits & 0x3ff)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
        }
    }
}
