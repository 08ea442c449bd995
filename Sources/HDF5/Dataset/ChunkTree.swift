/// The tree that finds a dataset's chunks, read without libhdf5.
///
/// The library goes down from node to node as they lead, without a look at their levels (1.10.8): one that leads back
/// to itself ends the process, and ways that meet again and again take for ever.
struct ChunkTree {
    /// The dataset's path from the root, for messages.
    let path: String
    /// Numbers of a place: the dataset's axes and the bytes within an element.
    let axes: Int

    private enum Limit {
        /// Of nodes above the lowest: for a million chunks and more.
        static let bytes = 1 << 24
    }

    /// Throws unless every node has the level that its place demands and is reached once. Reads all nodes' heads, and
    /// the children of those above the lowest level.
    ///
    /// - Parameter root: the uppermost node's address, all bits set for none.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` where the file cannot be read.
    func check(from root: UInt64, in file: borrowing FileBytes) throws(HDF5Error) {
        // Before each child stands a chunk's size, the filters it skipped and its place.
        let keyBytes = 8 + 8 * axes
        var nodes = root == .max ? [] : [root]
        var seen = Set(nodes)
        var expected: UInt64?
        var read = 0
        while !nodes.isEmpty {
            var children: [UInt64] = []
            for address in nodes {
                var head = HeaderBytes(path, try file.read(24, at: address))
                guard head.count == 24, head.starts(with: "TREE") else { throw head.refusal("chunks that are lost") }
                try head.skip(4)
                let (kind, level, count) = (try head.number(1), try head.number(1), try head.length(2))
                guard kind == 1, level == expected ?? level else { throw head.refusal("chunks in a broken tree") }
                expected = level
                guard level > 0 else { continue }
                let bytes = count * (keyBytes + 8)
                read += bytes
                guard read <= Limit.bytes else { throw head.refusal("more chunks than a dataset can need") }
                // What was read at the address had the head, so that the sum does not overflow.
                var entries = HeaderBytes(path, try file.read(bytes, at: address + 24))
                for _ in 0..<count {
                    try entries.skip(keyBytes)
                    let child = try entries.number(8)
                    guard seen.insert(child).inserted else { throw head.refusal("chunks in a tree with a circle") }
                    children.append(child)
                }
            }
            guard let level = expected, level > 0 else { return }
            expected = level - 1
            nodes = children
        }
    }
}
