/// A tree of the first version that finds a dataset's chunks or a group's members, read without libhdf5.
///
/// The library goes down from node to node as they lead, without a look at their levels (1.10.8): one that leads back
/// to itself ends the process, and ways that meet again and again take for ever.
struct NodeTree {
    /// What a tree finds, by the number that its nodes have for it.
    enum Kind: UInt64 {
        case members = 0
        case chunks = 1
    }

    /// Whose tree it is, for messages.
    let owner: HeaderBytes.Owner
    /// What it finds.
    let kind: Kind
    /// Bytes of the key before each child.
    let keyBytes: Int
    /// Children that a node may have, where the file tells.
    var capacity = Int.max

    private enum Limit {
        /// Of nodes whose children are read: for a million chunks and more.
        static let bytes = 1 << 24
    }

    /// Throws unless every node has the level that its place demands and is reached once. Reads all nodes' heads, and
    /// the children of those above the lowest level.
    ///
    /// - Parameters:
    ///   - root: the uppermost node's address.
    ///   - take: is given every key, and the address of the child behind it where that is one of the lowest level;
    ///     without it the lowest nodes' children are not read.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` where the file cannot be read.
    func check(
        from root: UInt64, in file: borrowing FileBytes,
        take: ((HeaderBytes, UInt64?) throws(HDF5Error) -> Void)? = nil
    ) throws(HDF5Error) {
        var nodes = [root]
        var seen = Set(nodes)
        var expected: UInt64?
        var read = 0
        while !nodes.isEmpty {
            var children: [UInt64] = []
            for address in nodes {
                var head = HeaderBytes(owner, try file.read(24, at: address))
                guard head.count == 24, head.starts(with: "TREE") else { throw head.refusal("\(kind) that are lost") }
                try head.skip(4)
                let (number, level, count) = (try head.number(1), try head.number(1), try head.length(2))
                guard number == kind.rawValue, level == expected ?? level, count <= capacity else {
                    throw head.refusal("\(kind) in a broken tree")
                }
                expected = level
                guard level > 0 || take != nil, count > 0 else { continue }
                // A key stands behind the last child, too.
                let bytes = count * (keyBytes + 8) + keyBytes
                read += bytes
                guard read <= Limit.bytes else { throw head.refusal("more \(kind) than an object can need") }
                // What was read at the address had the head, so that the sum does not overflow.
                var entries = HeaderBytes(owner, try file.read(bytes, at: address + 24))
                for _ in 0..<count {
                    let key = try entries.part(keyBytes)
                    let child = try entries.number(8)
                    guard seen.insert(child).inserted else { throw head.refusal("\(kind) in a tree with a circle") }
                    if level > 0 { children.append(child) }
                    try take?(key, level > 0 ? nil : child)
                }
                try take?(entries, nil)
            }
            guard let level = expected, level > 0 else { return }
            expected = level - 1
            nodes = children
        }
    }
}
