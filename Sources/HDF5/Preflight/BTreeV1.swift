/// A version 1 B-tree, which finds a dataset's chunks or the nodes of a group's symbol table.
///
/// libhdf5 1.10.8 descends from node to node without checking their levels: a node that is its own descendant overflows
/// the stack, and paths that meet again and again take exponential time.
struct BTreeV1 {
    /// What a tree finds, by the node type that the specification gives it.
    enum Kind: UInt64 {
        case links = 0
        case chunks = 1
    }

    /// The object that the tree belongs to, for error messages.
    let owner: MetadataReader.Owner
    let kind: Kind
    /// Size of the key before each child.
    let keyBytes: Int
    /// The maximum number of children of a node, if the file stores it.
    var capacity = Int.max

    private enum Limit {
        /// The total size of nodes whose children are read: enough for more than a million chunks.
        static let bytes = 1 << 24
    }

    /// Throws unless every node has the level of its place and is reached once. Reads the heads of all nodes, and the
    /// children of those above level 0.
    ///
    /// - Parameters:
    ///   - root: the root node's address.
    ///   - visit: called with every key, and with the address of the child after it if that is a leaf; without it the
    ///     children of level 0 are not read.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` if the file cannot be read.
    func validate(
        from root: UInt64, in file: borrowing FileBytes,
        visit: ((MetadataReader, UInt64?) throws(HDF5Error) -> Void)? = nil
    ) throws(HDF5Error) {
        var nodes = [root]
        var seen = Set(nodes)
        var expected: UInt64?
        var read = 0
        while !nodes.isEmpty {
            var children: [UInt64] = []
            for address in nodes {
                var head = MetadataReader(owner, try file.read(24, at: address))
                guard head.count == 24, head.starts(with: "TREE") else {
                    throw head.refusal("\(kind) at an invalid address")
                }
                try head.skip(4)
                let (number, level, count) = (try head.integer(1), try head.integer(1), try head.length(2))
                guard number == kind.rawValue, level == expected ?? level, count <= capacity else {
                    throw head.refusal("\(kind) in an invalid B-tree")
                }
                expected = level
                guard level > 0 || visit != nil, count > 0 else { continue }
                // There is a key after the last child, too.
                let bytes = count * (keyBytes + 8) + keyBytes
                read += bytes
                guard read <= Limit.bytes else { throw head.refusal("too many \(kind)") }
                // The head was read at this address, so the sum does not overflow.
                var entries = MetadataReader(owner, try file.read(bytes, at: address + 24))
                for _ in 0..<count {
                    let key = try entries.part(keyBytes)
                    let child = try entries.integer(8)
                    guard seen.insert(child).inserted else { throw head.refusal("\(kind) in a cyclic B-tree") }
                    if level > 0 { children.append(child) }
                    try visit?(key, level > 0 ? nil : child)
                }
                try visit?(entries, nil)
            }
            guard let level = expected, level > 0 else { return }
            expected = level - 1
            nodes = children
        }
    }
}
