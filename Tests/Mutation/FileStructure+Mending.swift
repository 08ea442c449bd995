extension FileStructure {
    /// Returns the bytes with correct checksums everywhere that this structure has them.
    package func mended() -> [UInt8] {
        var result = bytes
        for range in checksums {
            Self.store(Self.checksum(result[range.dropLast(4)]), at: range.upperBound - 4, in: &result)
        }
        for range in heapBlocks {
            // Signature, version, address of the heap and offset; the checksum counts as zero.
            let place = range.lowerBound + 17
            Self.store(0, at: place, in: &result)
            Self.store(Self.checksum(result[range]), at: place, in: &result)
        }
        return result
    }

    private static func store(_ value: UInt32, at place: Int, in bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }

    /// Bob Jenkins's lookup3 with the initial value 0.
    package static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        let start = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count)
        var words = [start, start, start]
        var rest = bytes
        func turned(_ word: Int, _ bits: UInt32) -> UInt32 { words[word] << bits | words[word] >> (32 - bits) }
        func add(_ count: Int) {
            for (index, byte) in rest.prefix(count).enumerated() {
                words[index / 4] &+= UInt32(byte) << UInt32(8 * (index % 4))
            }
        }
        while rest.count > 12 {
            add(12)
            rest = rest.dropFirst(12)
            for (target, other, third, bits) in [
                (0, 2, 1, 4), (1, 0, 2, 6), (2, 1, 0, 8), (0, 2, 1, 16), (1, 0, 2, 19), (2, 1, 0, 4),
            ] as [(Int, Int, Int, UInt32)] {
                words[target] = (words[target] &- words[other]) ^ turned(other, bits)
                words[other] &+= words[third]
            }
        }
        if rest.isEmpty { return words[2] }
        add(12)
        for (target, other, bits) in [
            (2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24),
        ] as [(Int, Int, UInt32)] {
            words[target] = (words[target] ^ words[other]) &- turned(other, bits)
        }
        return words[2]
    }
}
