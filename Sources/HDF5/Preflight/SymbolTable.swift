/// The links of a group of the oldest format: a version 1 B-tree leads to symbol table nodes, whose entries are sorted
/// by their names; the names are in a local heap.
///
/// libhdf5 1.10.8 follows the tree and the heap's list of free blocks without checking them: a cycle overflows the
/// stack or never ends.
struct SymbolTable {
    let owner: MetadataReader.Owner
    /// The address of the tree's root.
    let tree: UInt64
    /// The heap's address.
    let heap: UInt64

    private enum Limit {
        /// The total size of all names, and that of all entries: more than any group that is read has.
        static let bytes = 1 << 24
    }

    /// Throws unless every link can be found, and every name lies within the heap.
    ///
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` if the file cannot be read.
    func validate(in file: borrowing FileBytes) throws(HDF5Error) {
        let lastEnd = try lastNameEnd(in: file)
        let capacities = file.source.capacities
        var nodes: [UInt64] = []
        let index = BTreeV1(owner: owner, kind: .links, keyBytes: 8, capacity: capacities.tree)
        try index.validate(from: tree, in: file) { key, child throws(HDF5Error) in
            var key = key
            guard try key.length(8) <= lastEnd else { throw key.refusal("link names outside their heap") }
            if let child { nodes.append(child) }
        }
        var read = 0
        for address in nodes {
            var head = MetadataReader(owner, try file.read(8, at: address))
            guard head.count == 8, head.starts(with: "SNOD") else { throw head.refusal("links at an invalid address") }
            try head.skip(4)
            guard try head.integer(1) == 1 else { throw head.refusal("links of an unknown version") }
            try head.skip(1)
            let count = try head.length(2)
            read += count * 40
            guard count <= capacities.node, read <= Limit.bytes else {
                throw head.refusal("more links than its symbol table can hold")
            }
            var entries = MetadataReader(owner, try file.read(count * 40, at: address + 8))
            for _ in 0..<count {
                let name = try entries.length(8)
                try entries.skip(8)
                // A soft link's path is in the heap, too; the other cached fields are not used.
                let isSoftLink = try entries.integer(4) == 2
                try entries.skip(4)
                let path = try entries.length(4)
                try entries.skip(12)
                guard name <= lastEnd, !isSoftLink || path <= lastEnd else {
                    throw entries.refusal("link names outside their heap")
                }
            }
        }
    }

    /// Checks the heap's free blocks and returns the offset of its last zero byte: a name that begins before that byte
    /// ends there at the latest.
    private func lastNameEnd(in file: borrowing FileBytes) throws(HDF5Error) -> Int {
        var head = MetadataReader(owner, try file.read(32, at: heap))
        guard head.count == 32, head.starts(with: "HEAP") else { throw head.refusal("names at an invalid address") }
        try head.skip(4)
        guard try head.integer(1) == 0 else { throw head.refusal("names of an unknown version") }
        try head.skip(3)
        let size = try head.length(8)
        var free = try head.length(8)
        guard size <= Limit.bytes else { throw head.refusal("more than 16 MiB of names") }
        let bytes = try file.read(size, at: head.integer(8))
        guard bytes.count == size, let end = bytes.lastIndex(of: 0) else {
            throw head.refusal("names at an invalid address")
        }
        // A block begins with the offset of the next one, 1 in the last block, and with its size. Blocks do not
        // overlap, so there are no more of them than fit side by side.
        var left = size / 16
        while free != 1 {
            guard left > 0 else { throw head.refusal("names in a cyclic heap") }
            left -= 1
            guard free <= size - 16 else { throw head.refusal("names in an invalid heap") }
            var block = MetadataReader(owner, Array(bytes[free..<free + 16]))
            let next = try block.length(8)
            guard try block.length(8) <= size - free else { throw head.refusal("names in an invalid heap") }
            free = next
        }
        return end
    }
}
