extension ObjectHeader {
    /// Throws unless libhdf5 can safely open the dataset: its messages must be those that HDF5 1.8 writes for plain
    /// numbers stored in the file itself, each as long as it claims, and must agree with each other.
    ///
    /// Every message is checked, not just the first of its type, which is the one that libhdf5 uses. Whether the number
    /// of elements overflows is checked when a dataset is opened to be read.
    /// - Throws: ``HDF5Error``: `wrongType` for other elements than numbers, else `layoutNotAllowed`; `callFailed` if
    ///   the file cannot be read.
    func validateDataset(_ path: String, in file: borrowing FileBytes) throws(HDF5Error) {
        var dataspaces: [DataspaceMessage] = []
        var layouts: [DataLayoutMessage] = []
        var pipelines = 0
        var elementBytes: [Int] = []
        var fillBytes: Set<Int> = []
        for message in messages {
            var body = message.body
            switch message.type {
            // libhdf5 does not decode these when it opens a dataset.
            case MessageType.nothing, MessageType.attribute, MessageType.comment, MessageType.oldModificationTime,
                MessageType.modificationTime, MessageType.attributeInfo, MessageType.referenceCount:
                continue
            case MessageType.datatype:
                // A shared type is a named one.
                guard !message.isShared, case let type = try body.datatype(),
                    type.kind == .integer || type.kind == .float
                else { throw body.refusal("elements other than numbers", .wrongType) }
                elementBytes.append(type.byteCount)
            case _ where message.isShared: throw body.refusal("a shared header message")
            case MessageType.dataspace: dataspaces.append(try body.dataspace())
            case MessageType.oldFillValue: fillBytes.insert(try body.part(body.length(4)).count)
            case MessageType.fillValue: fillBytes.insert(try body.fillValueByteCount())
            case MessageType.dataLayout: layouts.append(try body.dataLayout())
            case MessageType.filterPipeline:
                pipelines += 1
                try body.checkFilters()
            // For example the list of external files, and messages of other objects or of later formats.
            default: throw body.refusal("a header message of type \(message.type)")
            }
        }
        let header = MetadataReader(.dataset(path), [])
        guard let dataspace = dataspaces.first, dataspaces.count == 1 else {
            throw header.refusal("\(dataspaces.count) dataspaces instead of one")
        }
        guard let element = elementBytes.first, elementBytes.count == 1, element > 0 else {
            throw header.refusal("elements of \(elementBytes) bytes")
        }
        guard let layout = layouts.first, layouts.count == 1 else {
            throw header.refusal("\(layouts.count) layouts instead of one")
        }
        guard pipelines <= 1 else { throw header.refusal("\(pipelines) filter pipelines") }
        guard fillBytes.subtracting([element, 0]).isEmpty else {
            throw header.refusal("a fill value of another size than its elements")
        }
        try layout.validate(path, dataspace, elementBytes: element)
        if case .chunked(let root) = layout.kind {
            guard root != .max else { return }
            // The key before each child holds a chunk's size, the filters it skipped and its offset.
            try BTreeV1(owner: .dataset(path), kind: .chunks, keyBytes: 8 + 8 * layout.extents.count)
                .validate(from: root, in: file)
        }
    }
}

extension MetadataReader {
    /// Reads a fill value message and returns the size of its value, which the message must contain.
    fileprivate mutating func fillValueByteCount() throws(HDF5Error) -> Int {
        let version = try integer(1)
        switch version {
        case 1, 2:
            let (allocation, writing) = (try integer(1), try integer(1))
            guard allocation <= 3, writing <= 2 else { throw refusal("a fill value of an unknown kind") }
            // Version 1 always has a size.
            let hasValue = try integer(1) != 0
            guard hasValue || version == 1 else { return 0 }
            let size = Int32(truncatingIfNeeded: try integer(4))
            // A negative size means no value.
            return try part(Int(max(size, 0))).count
        case 3:
            let flags = try integer(1)
            // Undefined and given at once.
            guard flags < 0x40, flags & 0x30 != 0x30, flags >> 2 & 3 <= 2 else {
                throw refusal("a fill value of an unknown kind")
            }
            return flags & 0x20 == 0 ? 0 : try part(length(4)).count
        default: throw refusal("a fill value of an unknown version")
        }
    }

    /// Reads a filter pipeline message, which must contain the names and values of its filters.
    fileprivate mutating func checkFilters() throws(HDF5Error) {
        let version = try integer(1)
        let filters = try integer(1)
        guard (1...2).contains(version), filters <= 32 else { throw refusal("a filter pipeline of an unknown kind") }
        if version == 1 { try skip(6) }
        for _ in 0..<filters {
            let number = try integer(2)
            let nameBytes = number >= 256 || version == 1 ? try length(2) : 0
            try skip(2)
            let values = try length(2)
            let name = try part(nameBytes)
            // libhdf5 searches for the end of the name.
            guard nameBytes == 0 || name.endsWithZero else { throw refusal("a filter whose name does not end") }
            // Version 1 pads to eight bytes.
            try skip(values * 4 + (version == 1 && !values.isMultiple(of: 2) ? 4 : 0))
        }
    }
}
