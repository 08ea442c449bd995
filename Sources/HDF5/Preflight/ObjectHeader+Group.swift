extension ObjectHeader {
    /// Throws unless libhdf5 can safely find a group's links: in its header, in a symbol table, or in dense storage.
    ///
    /// - Throws: ``HDF5Error``: `layoutNotAllowed`, `callFailed` if the file cannot be read.
    func validateLinks(_ owner: MetadataReader.Owner, in file: borrowing FileBytes) throws(HDF5Error) {
        var storages = 0
        for message in messages {
            guard !message.isShared else { throw message.body.refusal("a shared header message") }
            var body = message.body
            switch message.type {
            case MessageType.linkInfo:
                storages += 1
                let (heap, tree) = try body.heapAndTree(orderBytes: 8)
                if heap != .max { try DenseLinkStorage(owner: owner, heap: heap, tree: tree).validate(in: file) }
            case MessageType.link: try body.checkLink()
            case MessageType.symbolTable:
                storages += 1
                let (tree, heap) = (try body.integer(8), try body.integer(8))
                try SymbolTable(owner: owner, tree: tree, heap: heap).validate(in: file)
            default: continue
            }
        }
        guard storages == 1 else { throw MetadataReader(owner, []).refusal("\(storages) storages of its links") }
    }

    /// The number of attributes in the header; `nil` if attributes are stored elsewhere.
    func attributeCount() throws(HDF5Error) -> Int? {
        for message in messages where message.type == MessageType.attributeInfo {
            var body = message.body
            let (heap, tree) = try body.heapAndTree(orderBytes: 2)
            guard heap == .max, tree == .max, !message.isShared else { return nil }
        }
        return messages.count { $0.type == MessageType.attribute }
    }
}

extension MetadataReader {
    /// Reads a link info or attribute info message: the addresses of the heap that stores what is not in the header,
    /// and of the B-tree that finds it by name. An address with all bits set means none.
    ///
    /// - Parameter orderBytes: size of the largest creation index, if the message has one.
    fileprivate mutating func heapAndTree(orderBytes: Int) throws(HDF5Error) -> (heap: UInt64, tree: UInt64) {
        let (version, flags) = (try integer(1), try integer(1))
        guard version == 0, flags < 4 else { throw refusal("links or attributes of an unknown version") }
        if flags & 1 != 0 { try skip(orderBytes) }
        return (try integer(8), try integer(8))
    }

    /// Reads a link message, which must contain the link's name and target.
    mutating func checkLink() throws(HDF5Error) {
        let (version, flags) = (try integer(1), try integer(1))
        guard version == 1, flags < 0x20 else { throw refusal("a link of an unknown version") }
        let kind = flags & 8 != 0 ? try integer(1) : 0
        // The creation order, and the encoding of the name.
        try skip((flags & 4 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0))
        let nameBytes = try length(1 << Int(flags & 3))
        guard nameBytes > 0 else { throw refusal("a link without a name") }
        try skip(nameBytes)
        try skip(kind == 0 ? 8 : length(2))
    }
}
