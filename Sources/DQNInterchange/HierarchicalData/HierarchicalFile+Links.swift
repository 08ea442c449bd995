internal import DQNModel

/// The links of groups.
extension HierarchicalFile {
    /// Returns the hard links of a group, in the order of the file: by name if it is a symbol table. Soft and external
    /// links are left out.
    func links(
        _ messages: [HierarchicalMessage], at address: UInt64, _ words: String
    ) throws(InterchangeError) -> [(name: String, address: UInt64)] {
        if let known = links[address] { return known }
        var found: [(name: String, address: UInt64)] = []
        for message in messages {
            var body = ByteReader(message.body, "\(words) of \(name)")
            switch message.kind {
            case HierarchicalMessage.Kind.symbolTable:
                found += try symbolTable(tree: try body.number(8), heap: try body.number(8), words)
            case HierarchicalMessage.Kind.link:
                if let link = try link(&body) { found.append(link) }
            case HierarchicalMessage.Kind.linkInfo:
                _ = try body.byte()
                if try body.byte() & 1 != 0 { _ = try body.take(8) }
                guard try body.number(8) == Self.undefined else {
                    throw .notRepresentable(
                        "\(words) of \(name) stores its links in a way that is not supported; save the file with h5py's "
                            + "defaults, without libver='latest' and track_order.")
                }
            default: break
            }
        }
        links[address] = found
        return found
    }

    private func link(_ body: inout ByteReader) throws(InterchangeError) -> (name: String, address: UInt64)? {
        guard try body.byte() == 1 else { throw .malformed("\(body.name) has a link of an unknown version.") }
        let flags = try body.byte()
        let kind = flags & 8 != 0 ? try body.byte() : 0
        if flags & 4 != 0 { _ = try body.take(8) }
        if flags & 0x10 != 0 { _ = try body.byte() }
        let length = try body.count(1 << Int(flags & 3))
        let name = try body.text(try body.take(length))
        return kind == 0 ? (name, try body.number(8)) : nil
    }

    /// Reads a version 1 B-tree of symbol table nodes, whose names are in a local heap.
    private func symbolTable(
        tree: UInt64, heap: UInt64, _ words: String
    ) throws(InterchangeError) -> [(name: String, address: UInt64)] {
        let names = try localHeap(at: heap, words)
        var found: [(name: String, address: UInt64)] = []
        try forEachLeaf(of: tree, kind: 0, keyBytes: 8, words) { (_, child) throws(InterchangeError) in
            var head = try structure(at: child, count: 8, words)
            guard head.bytes.starts(with: "SNOD".utf8) else { throw damaged(words) }
            _ = try head.take(6)
            let count = try head.count(2)
            var entries = try structure(at: child + 8, count: 40 * count, words)
            for _ in 0..<count {
                let (place, address) = (try entries.count(8), try entries.number(8))
                let cache = try entries.number(4)
                _ = try entries.take(20)
                // A soft link.
                if cache == 2 { continue }
                guard place < names.count,
                    let end = names[(names.startIndex + place)...].firstIndex(of: 0)
                else { throw damaged(words) }
                let text = names[(names.startIndex + place)..<end]
                // Names may share their bytes in a file that somebody has built.
                try produce(text.count)
                found.append((try entries.text(text), address))
            }
        }
        return found
    }

    private func localHeap(at address: UInt64, _ words: String) throws(InterchangeError) -> ArraySlice<UInt8> {
        var head = try structure(at: address, count: 32, words)
        guard head.bytes.starts(with: "HEAP".utf8) else { throw damaged(words) }
        _ = try head.take(8)
        let count = try head.count(8)
        _ = try head.take(8)
        return try structure(at: try head.number(8), count: count, words).bytes
    }

    /// Calls a closure with the key before each leaf of a version 1 B-tree and the leaf's address.
    func forEachLeaf(
        of tree: UInt64, kind: UInt8, keyBytes: Int, _ words: String,
        _ body: (ArraySlice<UInt8>, UInt64) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        // The last node first. A level falls with each step, so that a path ends.
        var nodes: [(address: UInt64, level: UInt8?)] = [(tree, nil)]
        while let node = nodes.popLast() {
            var head = try structure(at: node.address, count: 24, words)
            guard head.bytes.starts(with: "TREE".utf8) else { throw damaged(words) }
            _ = try head.take(4)
            let (type, level) = (try head.byte(), try head.byte())
            let count = try head.count(2)
            guard type == kind, node.level.map({ $0 == level }) ?? true else { throw damaged(words) }
            var entries = try structure(at: node.address + 24, count: count * (keyBytes + 8), words)
            var children: [(address: UInt64, level: UInt8?)] = []
            for _ in 0..<count {
                let key = try entries.take(keyBytes)
                let child = try entries.number(8)
                if level == 0 { try body(key, child) } else { children.append((child, level - 1)) }
            }
            nodes += children.reversed()
        }
    }

    func damaged(_ words: String) -> InterchangeError {
        .malformed("\(words) of \(name) is damaged: its index is not where it should be.")
    }
}
