extension ObjectHeader {
    /// Throws unless libhdf5 can safely decode all attributes in the header: to find one by its name, it decodes all
    /// before it.
    ///
    /// - Throws: ``HDF5Error``: `wrongType` for an attribute of anything but numbers or text, else `layoutNotAllowed`.
    func validateAttributes() throws(HDF5Error) {
        for message in messages where message.type == MessageType.attribute {
            guard !message.isShared else { throw message.body.refusal("a shared attribute") }
            var body = message.body
            try body.checkAttribute()
        }
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
    /// Reads an attribute message: name, type and extents, each within its part of the message, and the value, which
    /// must have the size of its type and extents.
    fileprivate mutating func checkAttribute() throws(HDF5Error) {
        let version = try integer(1)
        guard (1...3).contains(version) else { throw refusal("an attribute of an unknown version") }
        // Version 1 ignores the flags. A shared type is a named one, and shared extents are in a table.
        let flags = try integer(1)
        guard flags == 0 || version == 1 else { throw refusal("an attribute of a shared type", .wrongType) }
        let sizes = try integers(3, of: 2).map { Int($0) }
        if version == 3 {
            let encoding = try integer(1)
            guard encoding <= 1 else { throw refusal("an attribute's name in an unknown encoding") }
        }
        // Version 1 pads each part to eight bytes.
        func padded(_ size: Int) -> Int { version == 1 ? (size + 7) / 8 * 8 : size }
        let name = try part(padded(sizes[0])).bytes.prefix(sizes[0])
        guard name.count > 1, name.firstIndex(of: 0) == name.indices.last else {
            throw refusal("an attribute whose name does not end where it must")
        }
        var type = try part(padded(sizes[1])).prefix(sizes[1])
        let datatype = try type.datatype()
        var space = try part(padded(sizes[2])).prefix(sizes[2])
        let dataspace = try space.dataspace()
        guard datatype.byteCount > 0, let bytes = dataspace.byteCount(elementBytes: datatype.byteCount),
            bytes <= UInt64(count)
        else { throw refusal("an attribute whose value is longer than its message") }
    }

    /// Returns a reader of the first unread bytes.
    private func prefix(_ count: Int) throws(HDF5Error) -> MetadataReader {
        var copy = self
        return try copy.part(count)
    }
}
