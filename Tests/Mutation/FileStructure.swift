/// The structures of an HDF5 file, found by following its addresses, however damaged it is: what a mutation changes, and
/// which checksums it has to mend afterwards.
///
/// It is deliberately independent of the library's own preflight, which it tests.
package struct FileStructure {
    /// A structure's bytes, as offsets from the start of the file.
    package struct Part {
        /// What it is: `superblock`, `header`, `message 0x0c` and so on.
        package let name: String
        package let range: Range<Int>
    }

    /// The offset of the superblock; `nil` if there is none.
    package private(set) var base: Int?
    /// All structures found, the superblock first.
    package private(set) var parts: [Part] = []
    /// The addresses of all structures.
    package private(set) var addresses: [UInt64] = []
    /// Headers of objects: their addresses.
    package private(set) var headers: [UInt64] = []
    /// Where addresses are stored.
    package private(set) var pointers: [Int] = []
    /// Where messages of headers begin, with the sizes of their prefixes.
    package private(set) var messages: [(start: Int, prefix: Int, body: Range<Int>)] = []
    /// Ranges that end with their own checksum.
    package private(set) var checksums: [Range<Int>] = []
    /// Blocks of fractal heaps, whose checksums lie within them.
    package private(set) var heapBlocks: [Range<Int>] = []

    let bytes: [UInt8]
    private var seen: Set<Int> = []
    /// A damaged file may lead anywhere.
    private static let mostStructures = 2000

    /// Finds the structures of a file.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
        guard let base = [0, 512, 1024].first(where: { bytes.dropFirst($0).starts(with: signature) }) else { return }
        self.base = base
        followSuperblock(base)
    }

    func integer(_ offset: Int, _ count: Int) -> UInt64? {
        guard offset >= 0, offset <= bytes.count - count else { return nil }
        return (0..<count).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + $1]) }
    }

    /// The offset of an address, if it is in the file.
    private func offset(_ address: UInt64) -> Int? {
        guard let base, address < UInt64(bytes.count - base) else { return nil }
        return Int(address) + base
    }

    private mutating func add(_ name: String, _ start: Int, _ count: Int) {
        let end = min(start + max(count, 0), bytes.count)
        if start < end { parts.append(Part(name: name, range: start..<end)) }
    }

    private mutating func addChecksum(_ start: Int, _ count: Int) {
        if count > 4, start + count <= bytes.count { checksums.append(start..<start + count) }
    }

    /// Reads the address at an offset and follows it.
    private mutating func follow(_ place: Int, _ visit: (inout FileStructure, Int, UInt64) -> Void) {
        guard let address = integer(place, 8) else { return }
        pointers.append(place)
        guard let start = offset(address), seen.count < Self.mostStructures, seen.insert(start).inserted else { return }
        addresses.append(address)
        visit(&self, start, address)
    }

    private mutating func followSuperblock(_ base: Int) {
        switch integer(base + 8, 1) ?? 0 {
        case 0, 1:
            let shift = integer(base + 8, 1) == 1 ? 4 : 0
            add("superblock", base, 96 + shift)
            follow(base + 32 + shift) { $0.followHeader($1, $2) }
            follow(base + 48 + shift) {
                $0.add("driver block", $1, 64); _ = $2
            }
            follow(base + 64 + shift) { $0.followHeader($1, $2) }
            followTable(base + 80 + shift)
        default:
            add("superblock", base, 48)
            addChecksum(base, 48)
            follow(base + 20) { $0.followHeader($1, $2) }
            follow(base + 36) { $0.followHeader($1, $2) }
        }
    }

    private mutating func followHeader(_ start: Int, _ address: UInt64) {
        headers.append(address)
        guard bytes.dropFirst(start).starts(with: "OHDR".utf8) else {
            add("header", start, 16)
            let size = Int(integer(start + 8, 4) ?? 0)
            followMessages(start + 16, min(size, bytes.count), isVersion2: false, prefix: 8)
            return
        }
        let flags = integer(start + 5, 1) ?? 0
        var place = start + 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
        let width = 1 << Int(flags & 3)
        let size = Int(clamping: integer(place, width) ?? 0)
        place += width
        add("header", start, place - start)
        guard size < bytes.count else { return }
        addChecksum(start, place - start + size + 4)
        followMessages(place, size, isVersion2: true, prefix: flags & 4 != 0 ? 6 : 4)
    }

    private mutating func followMessages(_ first: Int, _ count: Int, isVersion2: Bool, prefix: Int) {
        var place = first
        let end = min(first + count, bytes.count)
        while place + prefix <= end {
            let type = integer(place, isVersion2 ? 1 : 2) ?? 0
            let size = Int(integer(place + (isVersion2 ? 1 : 2), 2) ?? 0)
            let body = min(place + prefix, end)..<min(place + prefix + size, end)
            add("message prefix", place, prefix)
            add("message \(type)", body.lowerBound, body.count)
            messages.append((place, prefix, body))
            followMessage(type, body.lowerBound, isVersion2, prefix)
            place += prefix + size
        }
    }

    private mutating func followMessage(_ type: UInt64, _ body: Int, _ isVersion2: Bool, _ prefix: Int) {
        switch type {
        case 0x02:
            let shift = (integer(body + 1, 1) ?? 0) & 1 != 0 ? 8 : 0
            follow(body + 2 + shift) { $0.followHeap($1, $2) }
            follow(body + 10 + shift) { $0.followTree($1, $2) }
        case 0x06: _ = followLink(body)
        case 0x08:
            guard integer(body, 1) == 3, let kind = integer(body + 1, 1) else { return }
            if kind == 1 { pointers.append(body + 2) }
            if kind == 2 { follow(body + 3) { $0.followOldTree($1, $2) } }
        case 0x10:
            guard let size = integer(body + 8, 8), size < UInt64(bytes.count) else { return }
            follow(body) { structure, start, _ in
                guard isVersion2 else {
                    return structure.followMessages(start, Int(size), isVersion2: false, prefix: 8)
                }
                structure.add("continuation", start, 4)
                structure.addChecksum(start, Int(size))
                structure.followMessages(start + 4, Int(size) - 8, isVersion2: true, prefix: prefix)
            }
        case 0x11: followTable(body)
        case 0x15:
            let shift = (integer(body + 1, 1) ?? 0) & 1 != 0 ? 2 : 0
            follow(body + 2 + shift) { $0.followHeap($1, $2) }
            follow(body + 10 + shift) { $0.followTree($1, $2) }
        default: return
        }
    }

    /// A hard link. Returns its end, if it has a plausible one.
    private mutating func followLink(_ start: Int) -> Int? {
        guard integer(start, 1) == 1, let flags = integer(start + 1, 1), flags & 0xe8 == 0 else { return nil }
        var place = start + 2 + (flags & 4 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0)
        let width = 1 << Int(flags & 3)
        place += width + Int(clamping: (integer(place, width) ?? 0) & 0xffff)
        follow(place) { $0.followHeader($1, $2) }
        return place + 8
    }

    /// A symbol table's B-tree and heap.
    private mutating func followTable(_ place: Int) {
        follow(place) { $0.followOldTree($1, $2) }
        follow(place + 8) { structure, start, _ in
            structure.add("local heap", start, 32)
            let size = Int(clamping: (structure.integer(start + 8, 8) ?? 0) & 0xfffff)
            structure.follow(start + 24) {
                $0.add("names", $1, size); _ = $2
            }
        }
    }

    /// A version 1 B-tree.
    private mutating func followOldTree(_ start: Int, _ address: UInt64) {
        let (kind, level) = (integer(start + 4, 1) ?? 0, integer(start + 5, 1) ?? 0)
        let count = min(Int(integer(start + 6, 2) ?? 0), 64)
        // A key of a chunk has its rank and one more extent; the rank is guessed from the distance of the addresses.
        let key = kind == 0 ? 8 : keyBytes(ofChunksAt: start)
        add("B-tree", start, 24)
        add("B-tree entries", start + 24, count * (key + 8) + key)
        for index in 0..<count {
            let place = start + 24 + index * (key + 8) + key
            if level > 0 {
                follow(place) { $0.followOldTree($1, $2) }
            } else if kind == 0 {
                follow(place) { $0.followSymbols($1, $2) }
            } else {
                pointers.append(place)
            }
        }
    }

    private func keyBytes(ofChunksAt start: Int) -> Int {
        for axes in 1...4 {
            let place = start + 24 + 8 + 8 * (axes + 1)
            if let address = integer(place, 8), address > 0, address < UInt64(bytes.count) { return 8 + 8 * (axes + 1) }
        }
        return 24
    }

    private mutating func followSymbols(_ start: Int, _ address: UInt64) {
        add("symbol table node", start, 8)
        for index in 0..<min(Int(integer(start + 6, 2) ?? 0), 16) {
            let entry = start + 8 + index * 40
            add("symbol", entry, 40)
            follow(entry + 8) { $0.followHeader($1, $2) }
        }
    }

    /// A fractal heap of links.
    private mutating func followHeap(_ start: Int, _ address: UInt64) {
        add("fractal heap", start, 146)
        addChecksum(start, 146)
        let rows = min(Int(integer(start + 140, 2) ?? 0), 9)
        guard rows > 0 else {
            follow(start + 132) {
                $0.addHeapBlock($1, 512); _ = $2
            }
            return
        }
        follow(start + 132) { structure, block, _ in
            structure.add("heap index", block, 17 + rows * 32)
            structure.addChecksum(block, 17 + rows * 32 + 4)
            for index in 0..<rows * 4 {
                let size = 512 << max(0, index / 4 - 1)
                structure.follow(block + 17 + index * 8) {
                    $0.addHeapBlock($1, size); _ = $2
                }
            }
        }
    }

    private mutating func addHeapBlock(_ start: Int, _ size: Int) {
        add("heap block", start, 21)
        add("heap block's links", start + 21, size - 21)
        if start + size <= bytes.count { heapBlocks.append(start..<start + size) }
        // The links are stored one after the other.
        var place = start + 21
        while place < start + size, let next = followLink(place) { place = next }
    }

    /// A version 2 B-tree: its header and its root node.
    private mutating func followTree(_ start: Int, _ address: UInt64) {
        add("B-tree header", start, 38)
        addChecksum(start, 38)
        let record = Int(integer(start + 10, 2) ?? 0)
        let (depth, count) = (integer(start + 12, 2) ?? 0, Int(integer(start + 24, 2) ?? 0))
        follow(start + 16) { structure, node, _ in
            let pointers = depth == 0 ? 0 : (count + 1) * (depth == 1 ? 9 : 11)
            let size = 6 + count * record + pointers
            structure.add("B-tree node", node, size)
            structure.addChecksum(node, size + 4)
            guard depth == 1 else { return }
            for index in 0...count {
                let place = node + 6 + count * record + index * 9
                let children = Int(structure.integer(place + 8, 1) ?? 0)
                structure.follow(place) { structure, leaf, _ in
                    structure.add("B-tree leaf", leaf, 6 + children * record)
                    structure.addChecksum(leaf, 6 + children * record + 4)
                }
            }
        }
    }
}
