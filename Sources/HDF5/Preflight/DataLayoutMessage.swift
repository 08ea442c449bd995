/// A dataset's layout, as its header stores it.
struct DataLayoutMessage {
    enum Kind {
        /// In the header itself, with this number of bytes.
        case compact(Int)
        case contiguous
        /// In chunks, with the address of the B-tree that finds them; all bits are set if there is none.
        case chunked(UInt64)
    }

    let version: UInt64
    let kind: Kind
    /// The extents of a chunk, followed by the element size; in versions 1 and 2 the extents of all elements.
    let extents: [UInt64]

    /// libhdf5 multiplies the extents of a chunk in 32 bits.
    private static let largestChunk = UInt64(UInt32.max)

    /// Throws unless the layout agrees with the dataspace. libhdf5 1.10.8 divides by the chunk's extents and reads as
    /// many of them as the dataspace has, whatever the layout message says.
    func validate(_ path: String, _ dataspace: DataspaceMessage, elementBytes: Int) throws(HDF5Error) {
        let header = MetadataReader(.dataset(path), [])
        let rank = dataspace.extents.count
        switch kind {
        case .compact, .contiguous:
            // The specification has as many extents as the dataspace; libraries also write the element size after them.
            guard version == 3 || (rank...rank + 1).contains(extents.count) else {
                throw header.refusal("rank \(rank) and \(extents.count) extents in its layout")
            }
            if case .compact(let bytes) = kind, dataspace.byteCount(elementBytes: elementBytes) != UInt64(bytes) {
                throw header.refusal("\(bytes) bytes in its header, which is not the size of its elements")
            }
        case .chunked:
            guard rank > 0, extents.count == rank + 1 else {
                throw header.refusal("rank \(rank) and chunks of rank \(extents.count - 1)")
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
            // libhdf5 requires this when it creates a dataset.
            for (chunk, (extent, maximum)) in zip(extents, zip(dataspace.extents, dataspace.maximums)) {
                guard extent == 0 || chunk <= maximum else { throw header.refusal("chunks beyond its extents") }
            }
        }
    }
}

extension MetadataReader {
    /// Reads a data layout message of HDF5 1.8. Virtual datasets are refused, since libhdf5 reads their parts from a
    /// heap to open them, and so are the chunk indices of later versions.
    mutating func dataLayout() throws(HDF5Error) -> DataLayoutMessage {
        let version = try integer(1)
        let kind: UInt64
        var rank = 0
        var address: UInt64 = 0
        switch version {
        case 1, 2:
            rank = try length(1)
            kind = try integer(1)
            try skip(5)
            // The address, then all extents; a compact layout has no address.
            if kind != 0 { address = try integer(8) }
        case 3:
            kind = try integer(1)
            if kind == 2 {
                rank = try length(1)
                address = try integer(8)
            } else if kind == 1 {
                try skip(16)
            }
        default: throw refusal("a layout of version \(version)")
        }
        guard kind <= 2, rank <= 33 else { throw refusal("a layout of kind \(kind) and rank \(rank)") }
        let extents = try integers(rank, of: 4)
        switch kind {
        case 0:
            let bytes = try length(version == 3 ? 2 : 4)
            try skip(bytes)
            return DataLayoutMessage(version: version, kind: .compact(bytes), extents: extents)
        case 1: return DataLayoutMessage(version: version, kind: .contiguous, extents: extents)
        default: return DataLayoutMessage(version: version, kind: .chunked(address), extents: extents)
        }
    }
}
