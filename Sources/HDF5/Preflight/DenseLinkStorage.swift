/// The links of a group of HDF5 1.8 that has more of them than fit in its header: a version 2 B-tree maps the hash of a
/// name to a link in a fractal heap.
///
/// libhdf5 1.10.8 uses the tree's depth, the record counts of its nodes and the offsets of the heap's blocks without
/// checking them. Only what all its versions write for links is accepted, and those write fixed parameters.
struct DenseLinkStorage {
    let owner: MetadataReader.Owner
    /// The heap's address.
    let heap: UInt64
    /// The tree's address.
    let tree: UInt64

    /// A record: the hash of a name and the link's identifier in the heap.
    private static let recordBytes = 11
    private static let nodeBytes = 512
    /// The size of a node without its records: signature, version, type and checksum.
    private static let nodeOverhead = 10

    /// Throws unless every node is reached once and holds no more records than fit in it, and every link is in the
    /// heap.
    ///
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` if the file cannot be read.
    func validate(in file: borrowing FileBytes) throws(HDF5Error) {
        let links = try FractalHeap(owner: owner, address: heap, in: file)
        var head = MetadataReader(owner, try file.read(38, at: tree))
        guard head.count == 38, head.starts(with: "BTHD") else { throw head.refusal("links at an invalid address") }
        try head.skip(4)
        let (version, kind) = (try head.integer(1), try head.integer(1))
        let (node, record, depth) = (try head.length(4), try head.length(2), try head.length(2))
        // Skips the fill levels at which a writer splits or merges nodes.
        try head.skip(2)
        guard version == 0, kind == 5, node == Self.nodeBytes, record == Self.recordBytes, depth <= 8 else {
            throw head.refusal("links in a B-tree of an unknown kind")
        }
        var nodes = [(address: try head.integer(8), count: try head.length(2), total: try head.integer(8))]
        // An empty tree has no node.
        if nodes[0].address == .max, nodes[0].count == 0, nodes[0].total == 0 { return }
        var seen = Set(nodes.map(\.address))
        var shape = NodeShape.leaf
        let shapes = (0..<depth).reduce(into: [shape]) { shapes, _ in
            shape = shape.above
            shapes.append(shape)
        }
        for level in shapes.reversed() {
            var children: [(address: UInt64, count: Int, total: UInt64)] = []
            for (address, count, total) in nodes {
                var node = MetadataReader(owner, try file.read(Self.nodeBytes, at: address))
                guard node.count == Self.nodeBytes, node.starts(with: level.isLeaf ? "BTLF" : "BTIN"),
                    count <= level.capacity
                else { throw node.refusal("links in an invalid B-tree") }
                try node.skip(4)
                guard try node.integer(1) == 0, try node.integer(1) == 5 else {
                    throw node.refusal("links in a B-tree of an unknown kind")
                }
                for _ in 0..<count {
                    // The hash.
                    try node.skip(4)
                    try links.check(node.part(7))
                }
                var sum = UInt64(count)
                for _ in 0..<(level.isLeaf ? 0 : count + 1) {
                    let child = try node.integer(8)
                    let childCount = try node.length(level.countBytes)
                    let childTotal = level.totalBytes == 0 ? UInt64(childCount) : try node.integer(level.totalBytes)
                    guard seen.insert(child).inserted, seen.count <= 1 << 15 else {
                        throw node.refusal("links in a cyclic or too large B-tree")
                    }
                    // At most 25 numbers of at most six bytes: no overflow.
                    sum += childTotal
                    children.append((child, childCount, childTotal))
                }
                guard sum == total else { throw node.refusal("links in a B-tree with wrong counts") }
            }
            nodes = children
        }
    }

    /// How many records fit in a node of a level, and how it stores the counts of its children.
    private struct NodeShape {
        let capacity: Int
        /// Size of a child's record count, and of the count of all records below the child; 0 if both are the same.
        let countBytes: Int
        let totalBytes: Int
        /// The maximum number of records of the node and all below it.
        let total: Int

        var isLeaf: Bool { countBytes == 0 }

        static let leaf = NodeShape(
            capacity: (nodeBytes - nodeOverhead) / recordBytes, countBytes: 0, totalBytes: 0,
            total: (nodeBytes - nodeOverhead) / recordBytes)

        /// The shape of a node one level up.
        var above: NodeShape {
            let totalBytes = isLeaf ? 0 : Self.bytes(for: total)
            let pointer = 8 + 1 + totalBytes
            let capacity = (nodeBytes - nodeOverhead - pointer) / (recordBytes + pointer)
            return NodeShape(
                capacity: capacity, countBytes: 1, totalBytes: totalBytes, total: capacity + (capacity + 1) * total)
        }

        private static func bytes(for limit: Int) -> Int { (Int.bitWidth - limit.leadingZeroBitCount + 7) / 8 }
    }
}

/// The fractal heap of a group's links: objects, each within one block, found by their offsets in the heap.
private struct FractalHeap {
    private let owner: MetadataReader.Owner
    /// By rising offset.
    private var blocks: [(offset: Int, bytes: [UInt8])] = []

    /// The block sizes of the rows, of four blocks each. Later rows would hold indirect blocks.
    private static let rows = [512, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536]

    init(owner: MetadataReader.Owner, address: UInt64, in file: borrowing FileBytes) throws(HDF5Error) {
        self.owner = owner
        var head = MetadataReader(owner, try file.read(146, at: address))
        guard head.count == 146, head.starts(with: "FRHP") else { throw head.refusal("links at an invalid address") }
        try head.skip(4)
        let (version, identifier, filters) = (try head.integer(1), try head.integer(2), try head.integer(2))
        let flags = try head.integer(1)
        let largest = try head.integer(4)
        // Free space and statistics.
        try head.skip(96)
        let (width, first, last) = (try head.integer(2), try head.integer(8), try head.integer(8))
        let bits = try head.integer(2)
        try head.skip(2)
        let root = try head.integer(8)
        let rows = try head.length(2)
        // Links are never compressed; their offsets take 4 bytes and their sizes 2.
        guard version == 0, identifier == 7, filters == 0, flags & ~3 == 0, largest == 4096, width == 4, first == 512,
            last == 65_536, bits == 32
        else { throw head.refusal("links in a heap of an unknown kind") }
        guard rows <= Self.rows.count else { throw head.refusal("more than 512 KiB of names") }
        guard rows > 0 else {
            if root != .max { try append(512, at: root, of: address, offset: 0, in: file) }
            return
        }
        var index = MetadataReader(owner, try file.read(17 + rows * 4 * 8, at: root))
        guard index.starts(with: "FHIB") else { throw index.refusal("links in an invalid heap") }
        try index.skip(4)
        guard try index.integer(1) == 0, try index.integer(8) == address, try index.integer(4) == 0 else {
            throw index.refusal("links in an invalid heap")
        }
        var next = 0
        for size in Self.rows.prefix(rows) {
            for _ in 0..<4 {
                let block = try index.integer(8)
                if block != .max { try append(size, at: block, of: address, offset: next, in: file) }
                next += size
            }
        }
    }

    private mutating func append(
        _ size: Int, at block: UInt64, of heap: UInt64, offset: Int, in file: borrowing FileBytes
    ) throws(HDF5Error) {
        let bytes = try file.read(size, at: block)
        var head = MetadataReader(owner, bytes)
        guard bytes.count == size, head.starts(with: "FHDB") else { throw head.refusal("links in an invalid heap") }
        try head.skip(4)
        guard try head.integer(1) == 0, try head.integer(8) == heap, try head.length(4) == offset else {
            throw head.refusal("links in an invalid heap")
        }
        blocks.append((offset, bytes))
    }

    /// Throws unless a heap identifier points to a link.
    func check(_ identifier: MetadataReader) throws(HDF5Error) {
        var identifier = identifier
        // Other kinds are too large for a block, or stored in the record itself.
        guard try identifier.integer(1) == 0 else { throw identifier.refusal("a link with a name of 4 KiB") }
        let (offset, size) = (try identifier.length(4), try identifier.length(2))
        guard let block = blocks.last(where: { $0.offset <= offset }), offset - block.offset + size <= block.bytes.count
        else { throw identifier.refusal("link names outside their heap") }
        var link = MetadataReader(owner, Array(block.bytes[(offset - block.offset)...].prefix(size)))
        try link.checkLink()
    }
}
