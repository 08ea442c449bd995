internal import CHDF5

extension HDF5.Group {
    /// Opens the dataset of a path once it is known that the library can decode its header.
    ///
    /// - Throws: ``HDF5Error``: `objectMissing`, `linkNotAllowed`, `wrongObject`, `wrongType`, `layoutNotAllowed`,
    ///   `callFailed`.
    func open(_ path: String) throws(HDF5Error) -> Handle {
        try require(path, .dataset)
        let address = try Self.address(of: path, in: handle.id)
        let file = if let judged { try judged.bytes(of: handle.id) } else { try FileBytes(of: handle.id) }
        try ObjectHeader(of: .dataset(full(path)), at: address, in: file).requireOpenable(full(path), in: file)
        return try Library.own(
            H5Dopen2(handle.id, path, chdf5_default_list()), as: .dataset, "H5Dopen2",
            "The dataset /\(full(path)) could not be opened.")
    }
}

extension ObjectHeader {
    /// Throws unless what the library decodes to open the dataset is what HDF5 1.8 writes for numbers that lie in the
    /// file itself, each message as long as it claims.
    ///
    /// Every message is looked at, not just the first of a type, which is the one that counts. Whether elements of
    /// such extents can be counted is judged where a dataset is opened to be read.
    /// - Throws: ``HDF5Error``: `wrongType` for what are no plain numbers, else `layoutNotAllowed`; `callFailed` where
    ///   the file cannot be read.
    func requireOpenable(_ path: String, in file: borrowing FileBytes) throws(HDF5Error) {
        var spaces: [StoredSpace] = []
        var layouts: [StoredLayout] = []
        var pipelines = 0
        var elementBytes: [Int] = []
        var fillBytes: Set<Int> = []
        for message in messages {
            var body = message.body
            switch message.type {
            // Nothing, attributes, comments, times, the number of links: not decoded to open a dataset.
            case 0x00, 0x0c, 0x0d, 0x0e, 0x12, 0x15, 0x16: continue
            case 0x03:
                // Others have decoders of their own, with types within types; a shared one is a named one.
                let kind = try body.number(1) & 0x0f
                guard !message.isShared, kind <= 1 else {
                    throw body.refusal("elements of another kind than numbers", .wrongType)
                }
                try body.skip(3)
                elementBytes.append(try body.length(4))
            case _ where message.isShared: throw body.refusal("a part of its header elsewhere")
            case 0x01: spaces.append(try body.space())
            case 0x04: fillBytes.insert(try body.part(body.length(4)).count)
            case 0x05: fillBytes.insert(try body.fillValueByteCount())
            case 0x08: layouts.append(try body.layout())
            case 0x0b:
                pipelines += 1
                try body.checkFilters()
            // The list of external files, and what belongs to other objects or to later formats.
            default: throw body.refusal("a header message of type \(message.type)")
            }
        }
        let header = HeaderBytes(.dataset(path), [])
        guard let space = spaces.first, spaces.count == 1 else {
            throw header.refusal("extents \(spaces.count) times instead of once")
        }
        guard let element = elementBytes.first, elementBytes.count == 1, element > 0 else {
            throw header.refusal("elements of \(elementBytes) bytes")
        }
        guard let layout = layouts.first, layouts.count == 1 else {
            throw header.refusal("\(layouts.count) layouts instead of one")
        }
        guard pipelines <= 1 else { throw header.refusal("\(pipelines) lists of filters") }
        guard fillBytes.subtracting([element, 0]).isEmpty else {
            throw header.refusal("a fill value of another size than its elements")
        }
        try layout.require(path, space, elementBytes: element)
        if case .chunked(let root) = layout.kind {
            guard root != .max else { return }
            // Before each child stands a chunk's size, the filters it skipped and its place.
            try NodeTree(owner: .dataset(path), kind: .chunks, keyBytes: 8 + 8 * layout.extents.count)
                .check(from: root, in: file)
        }
    }
}

extension HeaderBytes {
    /// The bytes of the fill value, which are there.
    fileprivate mutating func fillValueByteCount() throws(HDF5Error) -> Int {
        let version = try number(1)
        switch version {
        case 1, 2:
            try skip(2)
            // The first version has a size always.
            let hasValue = try number(1) != 0
            guard hasValue || version == 1 else { return 0 }
            let size = Int32(truncatingIfNeeded: try number(4))
            // Below zero: none.
            return try part(Int(max(size, 0))).count
        case 3:
            let hasValue = try number(1) & 0x20 != 0
            return !hasValue ? 0 : try part(length(4)).count
        default: throw refusal("a fill value of an unknown version")
        }
    }

    /// The names and values of the filters are there.
    fileprivate mutating func checkFilters() throws(HDF5Error) {
        let version = try number(1)
        let filters = try number(1)
        guard (1...2).contains(version), filters <= 32 else { throw refusal("an unknown kind of filters") }
        if version == 1 { try skip(6) }
        for _ in 0..<filters {
            let number = try number(2)
            let nameBytes = number >= 256 || version == 1 ? try length(2) : 0
            try skip(2)
            let values = try length(2)
            let name = try part(nameBytes)
            // The library looks for the end of the name.
            guard nameBytes == 0 || name.endsWithZero else { throw refusal("a filter with a name that never ends") }
            // The first version pads to eight bytes.
            try skip(values * 4 + (version == 1 && !values.isMultiple(of: 2) ? 4 : 0))
        }
    }
}
