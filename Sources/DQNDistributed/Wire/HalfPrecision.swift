/// Half-precision floats (IEEE 754 binary16) by integer arithmetic: `Float16` does not exist on every platform.
package enum HalfPrecision {
    /// The largest finite value.
    package static let largest: Float = 65_504

    /// Rounds to the nearest half, ties to even. What is too large becomes infinite.
    package static func bits(of value: Float) -> UInt16 {
        let sign = value.bitPattern & 0x8000_0000
        var bits = value.bitPattern ^ sign
        let rounded: UInt32
        if bits >= 0x4780_0000 {
            // 65,536 and more, infinity and NaN.
            rounded = bits > 0x7F80_0000 ? 0x7E00 : 0x7C00
        } else if bits < 0x3880_0000 {
            // Subnormal as a half: adding 0.5 lets the processor shift and round.
            rounded = (Float(bitPattern: bits) + 0.5).bitPattern &- 0x3F00_0000
        } else {
            let isOdd = (bits >> 13) & 1
            bits = bits &- 0x3800_0000 &+ 0xFFF &+ isOdd
            rounded = bits >> 13
        }
        return UInt16(truncatingIfNeeded: rounded | (sign >> 16))
    }

    /// Returns the value of a half, exactly.
    package static func value(of half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        var bits = UInt32(half & 0x7FFF) << 13
        let exponent = bits & 0x0F80_0000
        bits &+= 0x3800_0000
        if exponent == 0x0F80_0000 {
            bits &+= 0x3800_0000
        } else if exponent == 0 {
            // Subnormal: 2⁻¹⁴ is subtracted again.
            bits = (Float(bitPattern: bits &+ 0x0080_0000) - 0x1p-14).bitPattern
        }
        return Float(bitPattern: bits | sign)
    }

    /// Returns the power of two that brings the largest magnitude of gradients near the upper end of what a half can
    /// hold, so that few become subnormal; 1 for zeros and for what is not finite.
    package static func scale(for values: UnsafeBufferPointer<Float>) -> Float {
        var largest: Float = 0
        for value in values { largest = max(largest, abs(value)) }
        guard largest.isFinite, largest >= .leastNormalMagnitude else { return 1 }
        // Below 2¹⁵: rounding cannot reach infinity.
        let exponent = min(14 - Int(largest.exponent), 120)
        return Float(sign: .plus, exponent: exponent, significand: 1)
    }
}
