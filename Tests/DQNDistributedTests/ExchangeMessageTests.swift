import DQNDistributed
import DQNModel
import Testing

@Suite struct ExchangeMessageTests {
    private let address = ShardAddress(run: RunIdentity(0x0102_0304_0506_0708, 9), layout: 0xA1A2, shard: 3)

    private func header() -> ExchangeHeader {
        var header = ExchangeHeader(.push, for: address)
        header.flags = [.wantsParameters, .wantsHalf]
        header.version = 7
        header.refreshes = 8
        header.scale = 0.5
        header.accumulated = 4
        header.rate = 1e-3
        header.sequence = 11
        return header
    }

    private func floats(_ message: ExchangeMessage, _ count: Int) throws -> [Float] {
        defer { withExtendedLifetime(message) {} }
        let header = try ExchangeHeader(decoding: message.bytes)
        let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
        defer { memory.deallocate() }
        try ExchangeMessage.readFloats(of: message.bytes, header, into: memory)
        return Array(memory)
    }

    /// The bytes that `docs/distributed.md` specifies.
    @Test func aMessageHasTheDocumentedBytes() {
        let message = ExchangeMessage(floats: 1)
        [Float(1)].withUnsafeBufferPointer { message.write(header(), floats: $0) }
        let expected: [UInt8] =
            [0x44, 0x51, 0x4E, 0x58, 1, 0, 1, 0]  // "DQNX", version 1, push
            + [8, 7, 6, 5, 4, 3, 2, 1, 9, 0, 0, 0, 0, 0, 0, 0]  // the run
            + [0xA2, 0xA1, 0, 0, 0, 0, 0, 0] + [3, 0, 0, 0] + [6, 0, 0, 0]  // layout, shard, flags
            + [7, 0, 0, 0, 0, 0, 0, 0] + [8, 0, 0, 0, 0, 0, 0, 0]  // version, refreshes
            + [1, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0x3F] + [4, 0, 0, 0]  // count, scale 0.5, accumulated
            + [0xFC, 0xA9, 0xF1, 0xD2, 0x4D, 0x62, 0x50, 0x3F]  // rate 1e-3
            + [11, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0x80, 0x3F]
        #expect(withExtendedLifetime(message) { Array(message.bytes) } == expected)
    }

    @Test func headersAndFloatsReturnUnchanged() throws {
        let message = ExchangeMessage(floats: 1)
        let values: [Float] = [0, -0.0, 1.5, -.pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        values.withUnsafeBufferPointer { message.write(header(), floats: $0) }
        var expected = header()
        expected.count = 6
        #expect(try withExtendedLifetime(message) { try ExchangeHeader(decoding: message.bytes) } == expected)
        #expect(try floats(message, 6).map(\.bitPattern) == values.map(\.bitPattern))
        #expect(throws: ClusterError.self) { try floats(message, 5) }
    }

    /// Every byte of the header matters: a changed one is refused or read as another value, and nothing is read beyond.
    @Test func changedAndCutMessagesAreNeverReadAsTheOriginal() throws {
        let message = ExchangeMessage(floats: 2)
        [Float(1), 2].withUnsafeBufferPointer { message.write(header(), floats: $0) }
        let whole = withExtendedLifetime(message) { Array(message.bytes) }
        let original = try whole.withUnsafeBytes { try ExchangeHeader(decoding: $0) }
        for index in 0..<ExchangeHeader.byteCount {
            for bit in 0..<8 {
                var changed = whole
                changed[index] ^= 1 << bit
                let read = changed.withUnsafeBytes { try? ExchangeHeader(decoding: $0) }
                #expect(read != original, "byte \(index), bit \(bit)")
            }
        }
        for length in 0..<whole.count {
            #expect(throws: ClusterError.self) {
                try whole[..<length].withUnsafeBytes { try ExchangeHeader(decoding: $0) }
            }
        }
        #expect(throws: ClusterError.self) { try (whole + [0]).withUnsafeBytes { try ExchangeHeader(decoding: $0) } }
    }

    @Test func hugeCountsAreRefused() {
        let message = ExchangeMessage(floats: 0)
        message.write(header())
        for top: UInt8 in [0x40, 0x80, 0xFF] {
            var bytes = withExtendedLifetime(message) { Array(message.bytes) }
            // The count, the version and the refreshes.
            for last in [63, 47, 55] {
                bytes = withExtendedLifetime(message) { Array(message.bytes) }
                bytes[last] = top
                #expect(throws: ClusterError.self) { try bytes.withUnsafeBytes { try ExchangeHeader(decoding: $0) } }
            }
        }
    }

    @Test func halvesCarryScaledGradients() throws {
        let message = ExchangeMessage(floats: 3)
        let values: [Float] = [1e-6, -3e-5, 0]
        let factor = values.withUnsafeBufferPointer { HalfPrecision.scale(for: $0) }
        var half = header()
        half.flags.insert(.isHalf)
        values.withUnsafeBufferPointer { message.write(half, floats: $0, factor: factor) }
        #expect(message.bytes.count == ExchangeHeader.byteCount + 6)
        for (read, value) in zip(try floats(message, 3), values) {
            #expect(abs(read / factor - value) <= abs(value) / 2048)
        }
    }
}

@Suite struct HalfPrecisionTests {
    @Test func everyHalfHasItsValueAndReturns() {
        for bits in UInt16.min...UInt16.max {
            let value = HalfPrecision.value(of: bits)
            let exponent = Int(bits >> 10 & 31)
            let fraction = Float(bits & 1023)
            let magnitude: Float
            switch exponent {
            case 0: magnitude = fraction * 0x1p-24
            case 31: magnitude = fraction == 0 ? .infinity : .nan
            default:
                magnitude = (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
            }
            let isNegative = bits >> 15 == 1
            if magnitude.isNaN {
                #expect(value.isNaN && HalfPrecision.value(of: HalfPrecision.bits(of: value)).isNaN)
                continue
            }
            guard value == (isNegative ? -magnitude : magnitude), HalfPrecision.bits(of: value) == bits else {
                Issue.record("\(bits) is \(value)")
                return
            }
        }
    }

    /// Between two neighbours the nearer one is chosen, in the middle the even one.
    @Test func roundingIsToTheNearestEven() {
        for bits in UInt16(0)..<0x7BFF {
            let (low, high) = (HalfPrecision.value(of: bits), HalfPrecision.value(of: bits + 1))
            let middle = (low + high) / 2
            let even = bits % 2 == 0 ? bits : bits + 1
            guard HalfPrecision.bits(of: middle) == even, HalfPrecision.bits(of: middle.nextDown) == bits,
                HalfPrecision.bits(of: middle.nextUp) == bits + 1
            else {
                Issue.record("between \(low) and \(high)")
                return
            }
        }
        #expect(HalfPrecision.bits(of: 65_519.99) == 0x7BFF && HalfPrecision.bits(of: 65_520) == 0x7C00)
        #expect(HalfPrecision.bits(of: 1e30) == 0x7C00 && HalfPrecision.bits(of: -.infinity) == 0xFC00)
    }

    @Test(arguments: [[Float(0)], [1], [-1e-30, 1e-38], [3e38], [.infinity, 1], [65_504, 1]])
    func scaledValuesStayFinite(values: [Float]) {
        let factor = values.withUnsafeBufferPointer { HalfPrecision.scale(for: $0) }
        #expect(factor > 0 && factor.isFinite && factor.significand == 1)
        for value in values where value.isFinite {
            #expect(
                HalfPrecision.value(of: HalfPrecision.bits(of: value * factor)).isFinite
                    == values.allSatisfy(\.isFinite)
                    || abs(value * factor) < 65_520)
        }
    }
}
