/// How a group of the format of HDF5 1.8 finds more members than its header has room for, read without libhdf5: a tree of
/// the second version leads from the hash of a name to a link in a heap.
///
/// The library takes the tree's depth, the numbers of records in its nodes and the blocks' places in the heap as they
/// are (1.10.8). What must be is what all its versions write, with numbers that are fixed for a group's links.
struct DenseLinks {
    let owner: HeaderBytes.Owner
    /// The heap's address.
    let heap: UInt64
    /// The tree's address.
    let tree: UInt64

    /// A record: the hash of a name and the link's place in the heap.
    private static let recordBytes = 11
    private static let nodeBytes = 512
    /// Of a node without its records: signature, version and type, and the checksum behind them.
    private static let nodeOverhead = 10

    /// Throws unless every node is reached once, with as many records as it has room for, and every link is there.
    ///
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` where the file cannot be read.
    func check(in file: borrowing FileBytes) throws(HDF5Error) {
        let links = try LinkHeap(owner: owner, address: heap, in: file)
        var head = HeaderBytes(owner, try file.read(38, at: tree))
        guard head.count == 38, head.starts(with: "BTHD") else { throw head.refusal("members that are lost") }
        try head.skip(4)
        let (version, kind) = (try head.number(1), try head.number(1))
        let (node, record, depth) = (try head.length(4), try head.length(2), try head.length(2))
        // How full nodes are when they are split or joined, which happens where one writes.
        try head.skip(2)
        guard version == 0, kind == 5, node == Self.nodeBytes, record == Self.recordBytes, depth <= 8 else {
            throw head.refusal("members in a tree of an unknown kind")
        }
        var nodes = [(address: try head.number(8), count: try head.length(2), total: try head.number(8))]
        // A tree of nothing has no node.
        if nodes[0].address == .max, nodes[0].count == 0, nodes[0].total == 0 { return }
        var seen = Set(nodes.map(\.address))
        var shape = NodeShape.lowest
        let shapes = (0..<depth).reduce(into: [shape]) { shapes, _ in
            shape = shape.above
            shapes.append(shape)
        }
        for level in shapes.reversed() {
            var children: [(address: UInt64, count: Int, total: UInt64)] = []
            for (address, count, total) in nodes {
                var node = HeaderBytes(owner, try file.read(Self.nodeBytes, at: address))
                guard node.count == Self.nodeBytes, node.starts(with: level.isLowest ? "BTLF" : "BTIN"),
                    count <= level.capacity
                else { throw node.refusal("members in a broken tree") }
                try node.skip(4)
                guard try node.number(1) == 0, try node.number(1) == 5 else {
                    throw node.refusal("members in a tree of an unknown kind")
                }
                for _ in 0..<count {
                    // The hash.
                    try node.skip(4)
                    try links.check(node.part(7))
                }
                var sum = UInt64(count)
                for _ in 0..<(level.isLowest ? 0 : count + 1) {
                    let child = try node.number(8)
                    let childCount = try node.length(level.countBytes)
                    let childTotal = level.totalBytes == 0 ? UInt64(childCount) : try node.number(level.totalBytes)
                    guard seen.insert(child).inserted, seen.count <= 1 << 15 else {
                        throw node.refusal("members in a tree with a circle or without an end")
                    }
                    // Up to 25 numbers of at most six bytes.
                    sum += childTotal
                    children.append((child, childCount, childTotal))
                }
                guard sum == total else { throw node.refusal("members in a tree that counts them wrong") }
            }
            nodes = children
        }
    }

    /// How many records a node of a level has room for, and how it tells of its children.
    private struct NodeShape {
        let capacity: Int
        /// Bytes of the number of a child's records, and of those of all below it; none where these are the same.
        let countBytes: Int
        let totalBytes: Int
        /// Records of the node and all below it, at most.
        let total: Int

        var isLowest: Bool { countBytes == 0 }

        static let lowest = NodeShape(
            capacity: (nodeBytes - nodeOverhead) / recordBytes, countBytes: 0, totalBytes: 0,
            total: (nodeBytes - nodeOverhead) / recordBytes)

        /// The shape of a node one level up.
        var above: NodeShape {
            let totalBytes = isLowest ? 0 : Self.bytes(for: total)
            let pointer = 8 + 1 + totalBytes
            let capacity = (nodeBytes - nodeOverhead - pointer) / (recordBytes + pointer)
            return NodeShape(
                capacity: capacity, countBytes: 1, totalBytes: totalBytes, total: capacity + (capacity + 1) * total)
        }

        private static func bytes(for limit: Int) -> Int { (Int.bitWidth - limit.leadingZeroBitCount + 7) / 8 }
    }
}

/// The heap of a group's links, read without libhdf5: pieces of it, each of one block, found by their place in the heap.
private struct LinkHeap {
    private let owner: HeaderBytes.Owner
    /// By their place, in order.
    private var blocks: [(place: Int, bytes: [UInt8])] = []

    /// The rows of four blocks each, which double from the third on, up to where blocks would lie in others.
    private static let rows = [512, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536]

    init(owner: HeaderBytes.Owner, address: UInt64, in file: borrowing FileBytes) throws(HDF5Error) {
        self.owner = owner
        var head = HeaderBytes(owner, try file.read(146, at: address))
        guard head.count == 146, head.starts(with: "FRHP") else { throw head.refusal("members that are lost") }
        try head.skip(4)
        let (version, place, filters) = (try head.number(1), try head.number(2), try head.number(2))
        let flags = try head.number(1)
        let largest = try head.number(4)
        // What is free, and how much of everything there is.
        try head.skip(96)
        let (width, first, last) = (try head.number(2), try head.number(8), try head.number(8))
        let bits = try head.number(2)
        try head.skip(2)
        let root = try head.number(8)
        let rows = try head.length(2)
        // Links are never compressed, and their places and sizes take up 4 and 2 bytes.
        guard version == 0, place == 7, filters == 0, flags & ~3 == 0, largest == 4096, width == 4, first == 512,
            last == 65_536, bits == 32
        else { throw head.refusal("members in a heap of an unknown kind") }
        guard rows <= Self.rows.count else { throw head.refusal("more than 512 KiB of names") }
        guard rows > 0 else {
            if root != .max { try append(512, at: root, of: address, place: 0, in: file) }
            return
        }
        var index = HeaderBytes(owner, try file.read(17 + rows * 4 * 8, at: root))
        guard index.starts(with: "FHIB") else { throw index.refusal("members in a broken heap") }
        try index.skip(4)
        guard try index.number(1) == 0, try index.number(8) == address, try index.number(4) == 0 else {
            throw index.refusal("members in a broken heap")
        }
        var next = 0
        for size in Self.rows.prefix(rows) {
            for _ in 0..<4 {
                let block = try index.number(8)
                if block != .max { try append(size, at: block, of: address, place: next, in: file) }
                next += size
            }
        }
    }

    private mutating func append(
        _ size: Int, at block: UInt64, of heap: UInt64, place: Int, in file: borrowing FileBytes
    ) throws(HDF5Error) {
        let bytes = try file.read(size, at: block)
        var head = HeaderBytes(owner, bytes)
        guard bytes.count == size, head.starts(with: "FHDB") else { throw head.refusal("members in a broken heap") }
        try head.skip(4)
        guard try head.number(1) == 0, try head.number(8) == heap, try head.length(4) == place else {
            throw head.refusal("members in a broken heap")
        }
        blocks.append((place, bytes))
    }

    /// Throws unless there is a link in the place that a record tells.
    func check(_ record: HeaderBytes) throws(HDF5Error) {
        var record = record
        // Others are too large for a block, or in the record itself.
        guard try record.number(1) == 0 else { throw record.refusal("a member with a name of 4 KiB") }
        let (place, size) = (try record.length(4), try record.length(2))
        guard let block = blocks.last(where: { $0.place <= place }), place - block.place + size <= block.bytes.count
        else { throw record.refusal("members with names that are lost") }
        var link = HeaderBytes(owner, Array(block.bytes[(place - block.place)...].prefix(size)))
        try link.checkLink()
    }
}
