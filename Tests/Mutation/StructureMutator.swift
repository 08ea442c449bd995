/// Changes an HDF5 file where its structure is, and mends its checksums, so that only judgement can refuse it.
package struct StructureMutator {
    private var bytes: [UInt8]
    private var random: SplitMix64
    private let limit: Int

    /// Returns a changed copy of a file.
    ///
    /// - Parameters:
    ///   - bytes: the file; one without an HDF5 signature is returned as it is.
    ///   - seed: makes the same changes each time.
    ///   - limit: the maximum size of the result.
    package static func mutated(_ bytes: [UInt8], seed: UInt64, limit: Int = 1 << 17) -> [UInt8] {
        var mutator = StructureMutator(bytes: bytes, random: SplitMix64(seed: seed), limit: limit)
        return mutator.run()
    }

    private mutating func run() -> [UInt8] {
        guard FileStructure(bytes).base != nil else { return bytes }
        for _ in 0..<Int.random(in: 1...3, using: &random) { change() }
        if random.happens(onceIn: 30) { return bytes }
        // Which ranges have checksums depends on sizes that may have changed.
        return FileStructure(bytes).mended()
    }

    private mutating func change() {
        let structure = FileStructure(bytes)
        guard let base = structure.base, let part = structure.parts.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<8: changeField(in: chosen(part, structure).range, structure)
        case 8..<11:
            // The root header's and the superblock's fields, which are few among many.
            let firsts = structure.parts.prefix(24)
            if let first = firsts.randomElement(using: &random) { changeField(in: first.range, structure) }
        case 11, 12:
            if let pointer = structure.pointers.randomElement(using: &random) {
                store(address(structure), 8, at: pointer)
            }
        case 13, 14: changeMessage(structure)
        case 15: copyMessage(structure)
        case 16: replaceHeader(structure, base)
        case 17: moveHeaderToTheEnd(structure, base)
        case 18: replaceType(structure)
        default: cutOrExtend(structure, base)
        }
    }

    /// Prefers kinds of parts that are rare.
    private mutating func chosen(_ part: FileStructure.Part, _ structure: FileStructure) -> FileStructure.Part {
        guard Bool.random(using: &random) else { return part }
        let names = Set(structure.parts.map(\.name)).sorted()
        let name = names.randomElement(using: &random)
        return structure.parts.filter { $0.name == name }.randomElement(using: &random) ?? part
    }

    private mutating func changeField(in range: Range<Int>, _ structure: FileStructure) {
        let width = [1, 1, 2, 4, 8].randomElement(using: &random) ?? 1
        guard range.count >= width else { return }
        let place = Int.random(in: range.lowerBound...(range.upperBound - width), using: &random)
        store(value(structure.integer(place, width) ?? 0, width, structure), width, at: place)
    }

    /// A value that readers are known to stumble over.
    private mutating func value(_ old: UInt64, _ width: Int, _ structure: FileStructure) -> UInt64 {
        random.happens(onceIn: 10) ? address(structure) : random.stumblingBlock(near: old, width: width)
    }

    /// An address: of another structure, around the end of the file, or nowhere.
    private mutating func address(_ structure: FileStructure) -> UInt64 {
        let end = UInt64(bytes.count - (structure.base ?? 0))
        switch Int.random(in: 0..<8, using: &random) {
        case 0..<4: return structure.addresses.randomElement(using: &random) ?? 0
        case 4: return end &- UInt64.random(in: 0..<64, using: &random)
        case 5: return UInt64.random(in: 0..<end, using: &random)
        case 6:
            return (structure.addresses.randomElement(using: &random) ?? 0) &+ UInt64.random(in: 0..<16, using: &random)
        default: return [0, .max, .max &- 511, 1 << 62, end].randomElement(using: &random) ?? 0
        }
    }

    private mutating func changeMessage(_ structure: FileStructure) {
        guard let message = structure.messages.randomElement(using: &random) else { return }
        let isVersion2 = message.prefix < 8
        switch Int.random(in: 0..<4, using: &random) {
        case 0: store(UInt64.random(in: 0..<0x1a, using: &random), 1, at: message.start)
        case 1:
            let size = UInt64.random(in: 0..<64, using: &random)
            store(isVersion2 ? size : size & ~7, 2, at: message.start + (isVersion2 ? 1 : 2))
        case 2: store(random.next() & 0x3f, 1, at: message.start + (isVersion2 ? 3 : 4))
        default:
            // A continuation anywhere.
            guard message.body.count >= 16 else { return }
            store(0x10, isVersion2 ? 1 : 2, at: message.start)
            store(address(structure), 8, at: message.body.lowerBound)
            store(
                [0, 8, 12, 16, 24, 64, 512, .max].randomElement(using: &random) ?? 0, 8, at: message.body.lowerBound + 8
            )
        }
    }

    /// Puts one message's body into another, with or without its type.
    private mutating func copyMessage(_ structure: FileStructure) {
        guard let from = structure.messages.randomElement(using: &random),
            let to = structure.messages.randomElement(using: &random)
        else { return }
        if Bool.random(using: &random) { bytes[to.start] = bytes[from.start] }
        for (source, target) in zip(from.body, to.body) { bytes[target] = structure.bytes[source] }
    }

    /// Gives an object a new header of random messages, of either version, at the end of the file.
    private mutating func replaceHeader(_ structure: FileStructure, _ base: Int) {
        guard let target = structure.pointers.randomElement(using: &random) else { return }
        let pointer =
            random.happens(onceIn: 3) ? target : (structure.pointers.prefix(2).randomElement(using: &random) ?? target)
        var messages: [(type: UInt8, body: [UInt8])] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let kept = structure.messages.randomElement(using: &random)
            if let kept, Bool.random(using: &random) {
                messages.append((bytes[kept.start], Array(bytes[kept.body])))
            } else {
                let body = (0..<Int.random(in: 0..<48, using: &random)).map { _ in
                    Bool.random(using: &random) ? 0 : UInt8.random(in: 0...255, using: &random)
                }
                messages.append((UInt8.random(in: 0..<0x1a, using: &random), body))
            }
        }
        let header = Bool.random(using: &random) ? Self.oldHeader(messages) : Self.newHeader(messages)
        append(header, pointedToFrom: pointer, base)
    }

    private static func oldHeader(_ messages: [(type: UInt8, body: [UInt8])]) -> [UInt8] {
        var content: [UInt8] = []
        for (type, body) in messages {
            let size = (body.count + 7) / 8 * 8
            content += [type, 0, UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8), 0, 0, 0, 0]
            content += body + [UInt8](repeating: 0, count: size - body.count)
        }
        let size = content.count
        return [
            1, 0, UInt8(messages.count), 0, 1, 0, 0, 0, UInt8(truncatingIfNeeded: size),
            UInt8(truncatingIfNeeded: size >> 8),
        ]
            + [UInt8](repeating: 0, count: 6) + content
    }

    private static func newHeader(_ messages: [(type: UInt8, body: [UInt8])]) -> [UInt8] {
        var content: [UInt8] = []
        for (type, body) in messages {
            content +=
                [type, UInt8(truncatingIfNeeded: body.count), UInt8(truncatingIfNeeded: body.count >> 8), 0] + body
        }
        let size = content.count
        return Array("OHDR".utf8) + [2, 1, UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8)]
            + content
            + [0, 0, 0, 0]
    }

    /// Copies a header so that it ends with the file, or a little later.
    private mutating func moveHeaderToTheEnd(_ structure: FileStructure, _ base: Int) {
        guard let header = structure.headers.randomElement(using: &random),
            let pointer = structure.pointers.first(where: { structure.integer($0, 8) == header })
        else { return }
        let start = Int(clamping: header) + base
        append(
            Array(bytes[start..<min(bytes.count, start + Int.random(in: 1..<600, using: &random))]),
            pointedToFrom: pointer, base)
    }

    private mutating func append(_ header: [UInt8], pointedToFrom pointer: Int, _ base: Int) {
        guard bytes.count + header.count + 8 <= limit else { return }
        bytes += [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
        store(UInt64(bytes.count - base), 8, at: pointer)
        bytes += header
        storeEnd(base)
    }

    /// Replaces the type of a dataset's or an attribute's elements by another class, often a nested one.
    private mutating func replaceType(_ structure: FileStructure) {
        let types = structure.messages.filter { [0x03, 0x0c].contains(bytes[$0.start]) }
        guard let message = types.randomElement(using: &random), !message.body.isEmpty else { return }
        let isAttribute = bytes[message.start] == 0x0c
        // Behind an attribute's sizes and name.
        let place = message.body.lowerBound + (isAttribute ? Int.random(in: 8..<32, using: &random) : 0)
        store(UInt64.random(in: 0x10..<0x40, using: &random), 1, at: place)
        for index in 1..<8 where Bool.random(using: &random) {
            store(UInt64.random(in: 0...255, using: &random), 1, at: place + index)
        }
    }

    private mutating func cutOrExtend(_ structure: FileStructure, _ base: Int) {
        if Bool.random(using: &random) {
            bytes.removeLast(min(max(0, bytes.count - base - 96), Int.random(in: 1..<600, using: &random)))
        } else if bytes.count + 512 <= limit {
            bytes += [UInt8](
                repeating: UInt8.random(in: 0...255, using: &random), count: Int.random(in: 1..<512, using: &random))
        }
        if !random.happens(onceIn: 4) { storeEnd(base) }
    }

    /// Stores the end of the file in the superblock.
    private mutating func storeEnd(_ base: Int) {
        let version = bytes[base + 8]
        let place = base + (version == 0 ? 40 : version == 1 ? 44 : 28)
        store(UInt64(bytes.count), 8, at: place)
    }

    private mutating func store(_ value: UInt64, _ width: Int, at place: Int) {
        guard place >= 0, place + width <= bytes.count else { return }
        for index in 0..<width { bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }
}
