/// How a group of the oldest format finds its members, read without libhdf5: a tree, which leads to nodes of members in
/// the order of their names, which are in a heap.
///
/// The library follows the tree and the heap's free blocks as they lead (1.10.8): a circle ends the process or is walked
/// for ever.
struct SymbolTable {
    let owner: HeaderBytes.Owner
    /// The uppermost node's address.
    let tree: UInt64
    /// The heap's address.
    let heap: UInt64

    private enum Limit {
        /// Of all names, and of all members: more than any group's that is read.
        static let bytes = 1 << 24
    }

    /// Throws unless the way to every member has an end, within what is there.
    ///
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` where the file cannot be read.
    func check(in file: borrowing FileBytes) throws(HDF5Error) {
        let lastEnd = try lastNameEnd(in: file)
        let capacities = try file.groupCapacities()
        var tables: [UInt64] = []
        let nodes = NodeTree(owner: owner, kind: .members, keyBytes: 8, capacity: capacities.tree)
        try nodes.check(from: tree, in: file) { key, child throws(HDF5Error) in
            var key = key
            guard try key.length(8) <= lastEnd else { throw key.refusal("members with names that are lost") }
            if let child { tables.append(child) }
        }
        var read = 0
        for address in tables {
            var head = HeaderBytes(owner, try file.read(8, at: address))
            guard head.count == 8, head.starts(with: "SNOD") else { throw head.refusal("members that are lost") }
            try head.skip(4)
            guard try head.number(1) == 1 else { throw head.refusal("members of an unknown version") }
            try head.skip(1)
            let count = try head.length(2)
            read += count * 40
            guard count <= capacities.table, read <= Limit.bytes else {
                throw head.refusal("more members than there is room for")
            }
            var members = HeaderBytes(owner, try file.read(count * 40, at: address + 8))
            for _ in 0..<count {
                let name = try members.length(8)
                try members.skip(8)
                // A soft link's path is in the heap, too; what else is kept of an object is not used.
                let isSoftLink = try members.number(4) == 2
                try members.skip(4)
                let path = try members.length(4)
                try members.skip(12)
                guard name <= lastEnd, !isSoftLink || path <= lastEnd else {
                    throw members.refusal("members with names that are lost")
                }
            }
        }
    }

    /// The place of the last zero byte in the heap, once its free blocks are known to be in it and to have an end: a name
    /// that begins in front of it ends there at the latest.
    private func lastNameEnd(in file: borrowing FileBytes) throws(HDF5Error) -> Int {
        var head = HeaderBytes(owner, try file.read(32, at: heap))
        guard head.count == 32, head.starts(with: "HEAP") else { throw head.refusal("names that are lost") }
        try head.skip(4)
        guard try head.number(1) == 0 else { throw head.refusal("names of an unknown version") }
        try head.skip(3)
        let size = try head.length(8)
        var free = try head.length(8)
        guard size <= Limit.bytes else { throw head.refusal("more names than a group can need") }
        let bytes = try file.read(size, at: head.number(8))
        guard bytes.count == size, let end = bytes.lastIndex(of: 0) else { throw head.refusal("names that are lost") }
        // A block begins with the next one's place, or 1 behind the last, and with its size. As they do not overlap,
        // there cannot be more of them than would have room side by side.
        var left = size / 16
        while free != 1 {
            guard left > 0 else { throw head.refusal("names in a heap with a circle") }
            left -= 1
            guard free <= size - 16 else { throw head.refusal("names in a broken heap") }
            var block = HeaderBytes(owner, Array(bytes[free..<free + 16]))
            let next = try block.length(8)
            guard try block.length(8) <= size - free else { throw head.refusal("names in a broken heap") }
            free = next
        }
        return end
    }
}
