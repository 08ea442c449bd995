extension ObjectHeader {
    /// Throws unless libhdf5 can safely find a group's links: in its header, in a symbol table, or in dense storage.
    ///
    /// Messages of other objects are refused.
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
            case MessageType.groupInfo: try body.checkGroupInfo()
            case MessageType.symbolTable:
                storages += 1
                let (tree, heap) = (try body.integer(8), try body.integer(8))
                try SymbolTable(owner: owner, tree: tree, heap: heap).validate(in: file)
            // libhdf5 does not decode these to find links.
            case MessageType.nothing, MessageType.attribute, MessageType.comment, MessageType.oldModificationTime,
                MessageType.modificationTime, MessageType.attributeInfo, MessageType.referenceCount:
                continue
            // Messages of other objects: those of a dataset, for example, or of a superblock's extension.
            default: throw body.refusal("a header message of type \(message.type)")
            }
        }
        guard storages == 1 else { throw MetadataReader(owner, []).refusal("\(storages) storages of its links") }
    }
}

extension MetadataReader {
    /// Reads a link info or attribute info message: the addresses of the heap that stores what is not in the header,
    /// and of the B-tree that finds it by name. An address with all bits set means none.
    ///
    /// - Parameter orderBytes: size of the largest creation index, if the message has one.
    mutating func heapAndTree(orderBytes: Int) throws(HDF5Error) -> (heap: UInt64, tree: UInt64) {
        let (version, flags) = (try integer(1), try integer(1))
        guard version == 0, flags < 4 else { throw refusal("links or attributes of an unknown version") }
        if flags & 1 != 0 { try skip(orderBytes) }
        let addresses = (try integer(8), try integer(8))
        // Of a B-tree that finds them by their order, which is never used.
        if flags & 2 != 0 { try skip(8) }
        return addresses
    }

    /// Reads a group info message: how many links the header holds at most, and how many the writer expected.
    fileprivate mutating func checkGroupInfo() throws(HDF5Error) {
        let (version, flags) = (try integer(1), try integer(1))
        guard version == 0, flags < 4 else { throw refusal("a group of an unknown version") }
        try skip((flags & 1 != 0 ? 4 : 0) + (flags & 2 != 0 ? 4 : 0))
    }

    /// Reads a link message, which must contain the link's name and target.
    mutating func checkLink() throws(HDF5Error) {
        let (version, flags) = (try integer(1), try integer(1))
        guard version == 1, flags < 0x20 else { throw refusal("a link of an unknown version") }
        let kind = flags & 8 != 0 ? try integer(1) : 0
        // Hard, soft, and those with a meaning of their own. Others stop libhdf5 while it lists the links.
        guard kind <= 1 || kind >= 64 else { throw refusal("a link of an unknown kind") }
        // The creation order.
        if flags & 4 != 0 { try skip(8) }
        let encoding = flags & 0x10 != 0 ? try integer(1) : 0
        guard encoding <= 1 else { throw refusal("a link's name in an unknown encoding") }
        let nameBytes = try length(1 << Int(flags & 3))
        guard nameBytes > 0 else { throw refusal("a link without a name") }
        try skip(nameBytes)
        if kind == 0 { return try skip(8) }
        let target = try length(2)
        guard target > 0 || kind > 1 else { throw refusal("a soft link without a target") }
        try skip(target)
    }
}
