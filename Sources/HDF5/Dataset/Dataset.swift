internal import CHDF5

extension HDF5 {
    /// An open dataset of one of the types of ``HDF5/ElementType``.
    public struct Dataset: ~Copyable {
        let handle: Handle
        /// Its path from the root, without a leading `/`.
        public let path: String
        /// What its elements are.
        public let element: ElementType
        /// Extents, outermost first; empty for a scalar.
        public let shape: [Int]

        /// Number of elements.
        public var count: Int { shape.reduce(1, *) }
        /// Bytes of all elements.
        public var byteCount: Int { count * element.byteCount }
    }

    /// How a new dataset's elements lie in the file.
    public enum Layout: Sendable, Equatable {
        /// In one piece.
        case contiguous
        /// In chunks of a shape, each of which passes the filters in turn.
        case chunked([Int], filters: [Filter] = [])
    }

    /// What a chunk passes on its way into a file.
    public enum Filter: Sendable, Equatable {
        /// zlib's compression at a level from 0 to 9.
        case deflate(level: Int)
    }
}

@available(*, unavailable)
extension HDF5.Dataset: Sendable {}

extension HDF5.Dataset {
    /// Closes the dataset.
    ///
    /// - Throws: ``HDF5Error`` (`callFailed`); after a failed write, say on a full disk, this fails too.
    public consuming func close() throws(HDF5Error) { try handle.close() }
}

extension HDF5.Group {
    /// Creates a dataset; the group above it must exist. A contiguous one gets its space at once.
    ///
    /// Elements that are never written are undefined: write all of them.
    /// - Throws: ``HDF5Error``: `objectExists`, `objectMissing`, `linkNotAllowed`, `wrongObject`, `wrongShape` for
    ///   extents or chunks that are no shape, `callFailed`.
    public func createDataset(
        _ path: String, of element: HDF5.ElementType, shape: [Int], layout: HDF5.Layout = .contiguous
    ) throws(HDF5Error) -> HDF5.Dataset {
        try requireFree(path)
        let space = try HDF5.dataspace(shape, of: full(path))
        let list = try Library.own(H5Pcreate(chdf5_dataset_creation()), as: .propertyList, "H5Pcreate")
        try Library.check(H5Pset_obj_track_times(list.id, false), "H5Pset_obj_track_times")
        // Fill values would be written first and then overwritten.
        try Library.check(H5Pset_fill_time(list.id, H5D_FILL_TIME_NEVER), "H5Pset_fill_time")
        switch layout {
        case .contiguous:
            try Library.check(H5Pset_layout(list.id, H5D_CONTIGUOUS), "H5Pset_layout")
            try Library.check(H5Pset_alloc_time(list.id, H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time")
        case .chunked(let chunk, let filters):
            guard chunk.count == shape.count, !chunk.isEmpty, chunk.allSatisfy({ (1...0xffff_ffff).contains($0) })
            else {
                throw HDF5Error(
                    code: .wrongShape,
                    message:
                        "Chunks of \(chunk) do not fit /\(full(path)) of shape \(shape): use as many positive extents."
                )
            }
            let extents = chunk.map(hsize_t.init)
            try Library.check(H5Pset_chunk(list.id, Int32(extents.count), extents), "H5Pset_chunk")
            for case .deflate(let level) in filters {
                guard (0...9).contains(level) else {
                    throw HDF5Error(code: .invalidArgument, message: "Deflate has levels 0 to 9, not \(level).")
                }
                try Library.check(H5Pset_deflate(list.id, UInt32(level)), "H5Pset_deflate")
            }
        }
        let id = H5Dcreate2(
            handle.id, path, element.identifier, space.id, chdf5_default_list(), list.id, chdf5_default_list())
        return HDF5.Dataset(
            handle: try Library.own(id, as: .dataset, "H5Dcreate2", "The dataset /\(full(path)) could not be created."),
            path: full(path), element: element, shape: shape)
    }

    /// Opens a dataset whose type, shape and storage must be as told: nothing else of it is believed. Its
    /// header is looked at before libhdf5 decodes it, as in ``inspectDataset(_:)``.
    ///
    /// - Parameters:
    ///   - element: the exact type.
    ///   - shape: the exact extents; `nil` takes them as they are, of at most `byteLimit` bytes.
    ///   - allowing: the filters a chunked dataset may have; none by default. Chunked datasets are refused unless
    ///     this is given.
    ///   - byteLimit: bytes of the elements allowed.
    /// - Throws: ``HDF5Error``: `objectMissing`, `linkNotAllowed`, `wrongObject`, `wrongType`, `wrongShape`,
    ///   `layoutNotAllowed`, `limitExceeded`, `callFailed`.
    public func openDataset(
        _ path: String, as element: HDF5.ElementType, shape: [Int]? = nil,
        allowing filters: Set<HDF5.DatasetInformation.FilterNumber>? = nil, byteLimit: Int = .max
    ) throws(HDF5Error) -> HDF5.Dataset {
        let dataset = try open(path)
        let found = try HDF5.DatasetInformation(of: dataset.id, path: full(path))
        try found.require(element, shape, filters, byteLimit)
        return HDF5.Dataset(handle: dataset, path: full(path), element: element, shape: found.shape)
    }

    /// Describes a dataset without reading it.
    ///
    /// - Throws: ``HDF5Error``: `objectMissing`, `linkNotAllowed`, `wrongObject`, `wrongShape` for extents beyond
    ///   the machine's integers, `callFailed`; and before anything of it is decoded, which a damaged one can make
    ///   libhdf5 crash with, `wrongType` for elements that are not numbers and `layoutNotAllowed` for what HDF5 1.8
    ///   does not write for elements in the file itself: virtual datasets and external files, for two.
    public func inspectDataset(_ path: String) throws(HDF5Error) -> HDF5.DatasetInformation {
        let dataset = try open(path)
        return try HDF5.DatasetInformation(of: dataset.id, path: full(path))
    }
}

extension HDF5 {
    /// A dataspace of the given extents; none for a scalar.
    static func dataspace(_ shape: [Int], of path: String) throws(HDF5Error) -> Handle {
        if shape.isEmpty { return try Library.own(H5Screate(H5S_SCALAR), as: .dataspace, "H5Screate") }
        var bytes = 8
        for extent in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard shape.count <= 32, extent >= 0, !overflow else {
                throw HDF5Error(
                    code: .wrongShape,
                    message: "/\(path) cannot have the shape \(shape): at most 32 extents, none negative.")
            }
            bytes = product
        }
        let extents = shape.map(hsize_t.init)
        return try Library.own(
            H5Screate_simple(Int32(extents.count), extents, nil), as: .dataspace, "H5Screate_simple")
    }
}
