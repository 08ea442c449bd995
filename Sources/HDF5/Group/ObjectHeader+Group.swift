extension ObjectHeader {
    /// Throws unless a group's members are found in a way that the library can take: from its header, a symbol table,
    /// or a heap with a tree.
    ///
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` where the file cannot be read.
    func requireMembers(_ owner: HeaderBytes.Owner, in file: borrowing FileBytes) throws(HDF5Error) {
        var ways = 0
        for message in messages {
            guard !message.isShared else { throw message.body.refusal("a part of its header elsewhere") }
            var body = message.body
            switch message.type {
            case 0x02:
                ways += 1
                let (heap, tree) = try body.heapAndTree(orderBytes: 8)
                if heap != .max { try DenseLinks(owner: owner, heap: heap, tree: tree).check(in: file) }
            case 0x06: try body.checkLink()
            case 0x11:
                ways += 1
                let (tree, heap) = (try body.number(8), try body.number(8))
                try SymbolTable(owner: owner, tree: tree, heap: heap).check(in: file)
            default: continue
            }
        }
        guard ways == 1 else { throw HeaderBytes(owner, []).refusal("\(ways) ways to its members") }
    }

    /// How many attributes are in the header; `nil` where they are elsewhere.
    func attributeCount() throws(HDF5Error) -> Int? {
        for message in messages where message.type == 0x15 {
            var body = message.body
            let (heap, tree) = try body.heapAndTree(orderBytes: 2)
            guard heap == .max, tree == .max, !message.isShared else { return nil }
        }
        return messages.count { $0.type == 0x0c }
    }
}

extension HeaderBytes {
    /// Where members or attributes are that are not in the header, and the tree that finds them by name.
    ///
    /// - Parameter orderBytes: of the number that the next one will have, if they are numbered.
    fileprivate mutating func heapAndTree(orderBytes: Int) throws(HDF5Error) -> (heap: UInt64, tree: UInt64) {
        let (version, flags) = (try number(1), try number(1))
        guard version == 0, flags < 4 else { throw refusal("members or attributes of an unknown version") }
        if flags & 1 != 0 { try skip(orderBytes) }
        return (try number(8), try number(8))
    }

    /// A link's name and what it leads to are there.
    mutating func checkLink() throws(HDF5Error) {
        let (version, flags) = (try number(1), try number(1))
        guard version == 1, flags < 0x20 else { throw refusal("a link of an unknown version") }
        let kind = flags & 8 != 0 ? try number(1) : 0
        // When it was made, and the encoding of its name.
        try skip((flags & 4 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0))
        let nameBytes = try length(1 << Int(flags & 3))
        guard nameBytes > 0 else { throw refusal("a link without a name") }
        try skip(nameBytes)
        try skip(kind == 0 ? 8 : length(2))
    }
}
