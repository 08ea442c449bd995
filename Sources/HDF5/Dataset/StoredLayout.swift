/// The extents of a dataset as its header has them.
struct StoredSpace {
    /// Empty for a scalar, and where there are no elements at all by its kind.
    let extents: [UInt64]
    /// As many: how far each may grow, all bits set for ever.
    let maximums: [UInt64]
    /// Whether there are no elements at all by its kind.
    let isNull: Bool

    /// Bytes of all elements; `nil` beyond the machine's integers.
    func byteCount(elementBytes: Int) -> UInt64? {
        if isNull || extents.contains(0) { return 0 }
        var bytes = UInt64(elementBytes)
        for extent in extents {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            bytes = product
        }
        return bytes
    }
}

/// The layout of a dataset's elements as its header has it.
struct StoredLayout {
    enum Kind {
        /// In the header itself, with their bytes.
        case compact(Int)
        case contiguous
        /// With the address of the tree that finds the chunks, all bits set for none.
        case chunked(UInt64)
    }

    let version: UInt64
    let kind: Kind
    /// Of a chunk, and in versions 1 and 2 of all elements.
    let extents: [UInt64]

    /// The library multiplies the extents of a chunk in 32 bits.
    private static let largestChunk = UInt64(UInt32.max)

    /// Throws unless the layout is one of the extents: the library divides by those of a chunk and walks along as many
    /// as the dataset has, whatever the layout says (1.10.8).
    func require(_ path: String, _ space: StoredSpace, elementBytes: Int) throws(HDF5Error) {
        let header = HeaderBytes(.dataset(path), [])
        let rank = space.extents.count
        switch kind {
        case .compact, .contiguous:
            // The format has as many extents as the dataset; what wrote it put an element's bytes behind them.
            guard version == 3 || (rank...rank + 1).contains(extents.count) else {
                throw header.refusal("\(rank) extents and \(extents.count) in its layout")
            }
            if case .compact(let bytes) = kind, space.byteCount(elementBytes: elementBytes) != UInt64(bytes) {
                throw header.refusal("\(bytes) bytes in its header, which its elements do not take")
            }
        case .chunked:
            guard rank > 0, extents.count == rank + 1 else {
                throw header.refusal("\(rank) extents and chunks of \(extents.count - 1)")
            }
            guard extents.last == UInt64(elementBytes) else {
                throw header.refusal("elements of \(elementBytes) bytes and chunks of other elements")
            }
            var bytes: UInt64 = 1
            for extent in extents {
                // Neither factor has more than 32 bits.
                bytes *= extent
                guard (1...Self.largestChunk).contains(bytes) else {
                    throw header.refusal("chunks of \(extents), which are empty or of 4 GiB and more")
                }
            }
            // As the library demands of those who create a dataset.
            for (chunk, (extent, maximum)) in zip(extents, zip(space.extents, space.maximums)) {
                guard extent == 0 || chunk <= maximum else { throw header.refusal("chunks beyond its extents") }
            }
        }
    }
}

extension HeaderBytes {
    /// The extents, of a version's message.
    mutating func space() throws(HDF5Error) -> StoredSpace {
        let version = try number(1)
        let rank = try length(1)
        let flags = try number(1)
        // Without the order of axes, which was planned and never made.
        guard (1...2).contains(version), rank <= 32, flags <= 1 else { throw refusal("an unknown kind of extents") }
        var isNull = false
        if version == 1 {
            try skip(5)
        } else {
            // Scalar, simple, null.
            let kind = try number(1)
            guard kind <= 2, (kind == 1) == (rank > 0) else { throw refusal("an unknown kind of extents") }
            isNull = kind == 2
        }
        let extents = try numbers(rank, of: 8)
        return StoredSpace(
            extents: extents, maximums: flags == 1 ? try numbers(rank, of: 8) : extents, isNull: isNull)
    }

    /// One of the layouts of HDF5 1.8: no virtual datasets, whose parts the library reads from the heap to open them,
    /// and none of the later indices of chunks.
    mutating func layout() throws(HDF5Error) -> StoredLayout {
        let version = try number(1)
        let kind: UInt64
        var axes = 0
        var address: UInt64 = 0
        switch version {
        case 1, 2:
            axes = try length(1)
            kind = try number(1)
            try skip(5)
            // The address, then all extents; compact elements have none.
            if kind != 0 { address = try number(8) }
        case 3:
            kind = try number(1)
            if kind == 2 {
                axes = try length(1)
                address = try number(8)
            } else if kind == 1 {
                try skip(16)
            }
        default: throw refusal("a layout of version \(version)")
        }
        guard kind <= 2, axes <= 33 else { throw refusal("a layout of kind \(kind) with \(axes) axes") }
        let extents = try numbers(axes, of: 4)
        switch kind {
        case 0:
            let bytes = try length(version == 3 ? 2 : 4)
            try skip(bytes)
            return StoredLayout(version: version, kind: .compact(bytes), extents: extents)
        case 1: return StoredLayout(version: version, kind: .contiguous, extents: extents)
        default: return StoredLayout(version: version, kind: .chunked(address), extents: extents)
        }
    }

    private mutating func numbers(_ count: Int, of byteCount: Int) throws(HDF5Error) -> [UInt64] {
        var numbers: [UInt64] = []
        for _ in 0..<count { numbers.append(try number(byteCount)) }
        return numbers
    }
}
