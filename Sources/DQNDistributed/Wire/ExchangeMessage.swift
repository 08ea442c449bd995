internal import DQNModel

/// A message in memory that is reused for the next one: a header and its payload.
///
/// `@unchecked Sendable`: whoever holds the message uses it alone; a link hands it from one thread to another.
package final class ExchangeMessage: @unchecked Sendable {
    private var memory: UnsafeMutableRawBufferPointer
    private var byteCount = 0

    /// Creates a message with room for a number of floats; it grows if more are written.
    package init(floats: Int) { memory = Self.allocate(ExchangeHeader.byteCount + 4 * floats) }

    deinit { memory.deallocate() }

    /// The message; valid until the next one is written, and while this object exists.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<byteCount]) }

    private static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        .allocate(byteCount: count, alignment: 64)
    }

    private func reserve(_ count: Int) {
        byteCount = count
        guard count > memory.count else { return }
        memory.deallocate()
        memory = Self.allocate(count)
    }

    private var payload: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory[ExchangeHeader.byteCount..<byteCount])
    }

    /// Writes a message without a payload.
    package func write(_ header: ExchangeHeader) { write(header, UnsafeRawBufferPointer(start: nil, count: 0)) }

    /// Writes a message whose payload is bytes.
    package func write(_ header: ExchangeHeader, _ bytes: UnsafeRawBufferPointer) {
        var header = header
        header.count = UInt64(bytes.count)
        reserve(ExchangeHeader.byteCount + bytes.count)
        header.encode(into: memory)
        payload.copyMemory(from: bytes)
    }

    /// Writes a message whose payload is floats.
    ///
    /// - Parameter factor: multiplies each float before it is rounded to half precision; only with
    ///   ``ExchangeHeader/Flags/isHalf``.
    package func write(_ header: ExchangeHeader, floats: UnsafeBufferPointer<Float>, factor: Float = 1) {
        var header = header
        header.count = UInt64(floats.count)
        let isHalf = header.flags.contains(.isHalf)
        reserve(ExchangeHeader.byteCount + floats.count * (isHalf ? 2 : 4))
        header.encode(into: memory)
        guard isHalf else { return Self.copy(floats, to: payload) }
        for (index, value) in floats.enumerated() {
            payload.storeBytes(
                of: HalfPrecision.bits(of: value * factor).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        }
    }

    private static func copy(_ floats: UnsafeBufferPointer<Float>, to bytes: UnsafeMutableRawBufferPointer) {
        #if _endian(little)
            bytes.copyMemory(from: UnsafeRawBufferPointer(floats))
        #else
            for (index, value) in floats.enumerated() {
                bytes.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
            }
        #endif
    }

    /// Reads the floats of a message whose header has been read.
    ///
    /// - Parameter message: the whole message.
    /// - Throws: ``ClusterError`` (`malformedMessage`) if there are more or fewer than there is room for.
    package static func readFloats(
        of message: UnsafeRawBufferPointer, _ header: ExchangeHeader, into floats: UnsafeMutableBufferPointer<Float>
    ) throws(ClusterError) {
        guard header.count == UInt64(floats.count) else {
            throw .malformed("it has \(header.count) floats, but the shard has \(floats.count)")
        }
        let payload = UnsafeRawBufferPointer(rebasing: message[ExchangeHeader.byteCount...])
        if header.flags.contains(.isHalf) {
            for index in floats.indices {
                let half = payload.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                floats[index] = HalfPrecision.value(of: UInt16(littleEndian: half))
            }
            return
        }
        #if _endian(little)
            UnsafeMutableRawBufferPointer(floats).copyMemory(from: payload)
        #else
            for index in floats.indices {
                let bits = payload.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                floats[index] = Float(bitPattern: UInt32(littleEndian: bits))
            }
        #endif
    }
}
