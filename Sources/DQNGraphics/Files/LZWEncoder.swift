/// Compresses indices as GIF requires (Lempel–Ziv–Welch), with codes of up to twelve bits.
enum LZWEncoder {
    private static let longestCode = 12
    /// The hash table's size: a power of two, and twice the number of codes so that probe sequences stay short.
    private static let slots = 1 << 13

    /// Returns the compressed indices.
    ///
    /// - Parameters:
    ///   - indices: at least one index, each below `1 << bits`.
    ///   - bits: the number of bits of an index, 2 to 8.
    static func encode(_ indices: [UInt8], bits: Int) -> [UInt8] {
        var output = BitWriter()
        let clear = 1 << bits
        var size = bits + 1
        var next = clear + 2
        // Known sequences, keyed by the code of all but the last index and by that index. 0 marks a free slot.
        var keys = [UInt32](repeating: 0, count: slots)
        var codes = [UInt16](repeating: 0, count: slots)
        output.write(clear, bits: size)
        guard var prefix = indices.first.map({ Int($0) }) else { return [] }
        for index in indices.dropFirst() {
            let key = UInt32(prefix << 8 | Int(index)) + 1
            var slot = Int((key &* 0x9E37_79B1) >> 19)
            while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & (slots - 1) }
            if keys[slot] == key {
                prefix = Int(codes[slot])
                continue
            }
            output.write(prefix, bits: size)
            // A decoder learns a sequence one code later and switches to longer codes then.
            if next == 1 << size, size < longestCode { size += 1 }
            if next < 1 << longestCode {
                (keys[slot], codes[slot]) = (key, UInt16(next))
                next += 1
            } else {
                output.write(clear, bits: size)
                for slot in 0..<slots { keys[slot] = 0 }
                size = bits + 1
                next = clear + 2
            }
            prefix = Int(index)
        }
        output.write(prefix, bits: size)
        if next == 1 << size, size < longestCode { size += 1 }
        output.write(clear + 1, bits: size)
        return output.finished
    }
}

/// Packs bits into bytes, lowest bit first.
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending: UInt32 = 0
    private var count = 0

    mutating func write(_ value: Int, bits: Int) {
        pending |= UInt32(value) << UInt32(count)
        count += bits
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            count -= 8
        }
    }

    var finished: [UInt8] { count > 0 ? bytes + [UInt8(truncatingIfNeeded: pending)] : bytes }
}
