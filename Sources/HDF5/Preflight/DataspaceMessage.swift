/// A dataset's extents, as its header stores them.
struct DataspaceMessage {
    /// Empty for a scalar and for a null dataspace.
    let extents: [UInt64]
    /// How far each extent may grow; all bits are set for no limit.
    let maximums: [UInt64]
    /// Whether the dataspace is null, so that the dataset never has elements.
    let isNull: Bool

    /// Bytes of all elements; `nil` if the product overflows.
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

extension MetadataReader {
    /// Reads a dataspace message of version 1 or 2.
    mutating func dataspace() throws(HDF5Error) -> DataspaceMessage {
        let version = try integer(1)
        let rank = try length(1)
        let flags = try integer(1)
        // Refuses permutation indices, which the specification reserves and libhdf5 never implemented.
        guard (1...2).contains(version), rank <= 32, flags <= 1 else { throw refusal("a dataspace of an unknown kind") }
        var isNull = false
        if version == 1 {
            try skip(5)
        } else {
            // Scalar, simple, null.
            let kind = try integer(1)
            guard kind <= 2, (kind == 1) == (rank > 0) else { throw refusal("a dataspace of an unknown kind") }
            isNull = kind == 2
        }
        let extents = try integers(rank, of: 8)
        return DataspaceMessage(
            extents: extents, maximums: flags == 1 ? try integers(rank, of: 8) : extents, isNull: isNull)
    }
}
