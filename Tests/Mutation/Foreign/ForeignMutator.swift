/// Changes a file of another program where its structure is, and mends its sizes and checksums, so that only judgement can
/// refuse it: archives, pickles, safetensors, arrays of NumPy, JSON, protocol buffers, and files within archives.
package struct ForeignMutator {
    var random: SplitMix64

    /// Returns a changed copy of a file.
    ///
    /// - Parameters:
    ///   - bytes: the file; of an unknown kind, single bytes change.
    ///   - seed: makes the same changes each time.
    ///   - limit: the maximum size of the result; a change that would be larger is undone.
    package static func mutated(_ bytes: [UInt8], seed: UInt64, limit: Int = 1 << 17) -> [UInt8] {
        var mutator = ForeignMutator(random: SplitMix64(seed: seed))
        var result = bytes
        for _ in 0..<Int.random(in: 1...3, using: &mutator.random) {
            let changed = mutator.changed(result, depth: 0)
            if changed.count <= limit { result = changed }
        }
        return result
    }

    /// Returns a file or a file within one with one change.
    mutating func changed(_ bytes: [UInt8], depth: Int) -> [UInt8] {
        if depth < 3, let archive = ForeignArchive(bytes) { return changed(archive, depth) }
        if FileStructure(bytes).base != nil {
            return StructureMutator.mutated(bytes, seed: random.next(), limit: .max)
        }
        if bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D]) { return changedArray(bytes) }
        if let header = Self.safetensorsHeader(bytes) { return changedSafetensors(bytes, header) }
        if bytes.first == 0x80 || depth > 0 && bytes.last == 0x2E { return changedPickles(bytes) }
        if bytes.first == UInt8(ascii: "{") { return changedText(bytes) }
        if let message = ProtocolMessage(bytes[...]) { return changed(message) }
        return changedBytes(bytes)
    }

    mutating func changedBytes(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        guard !bytes.isEmpty else { return [UInt8](repeating: 0x2E, count: Int.random(in: 1..<64, using: &random)) }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: result.removeSubrange(place..<min(place + Int.random(in: 1..<64, using: &random), bytes.count))
        case 1: result.insert(contentsOf: bytes[place...].prefix(Int.random(in: 1..<64, using: &random)), at: place)
        case 2: result.removeLast(bytes.count - place)
        default: result[place] = UInt8.random(in: 0...255, using: &random)
        }
        return result
    }

    /// A number that readers are known to stumble over.
    mutating func number(near old: UInt64) -> UInt64 { random.stumblingBlock(near: old) }

    static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
