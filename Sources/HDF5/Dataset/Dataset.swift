internal import CHDF5

extension HDF5 {
    /// An open dataset of one of the types of ``HDF5/ElementType``.
    package struct Dataset: ~Copyable {
        let handle: Handle
        /// Its path from the root, without a leading `/`.
        package let path: String
        /// The type of its elements.
        package let element: ElementType
        /// Extents, outermost first; empty for a scalar.
        package let shape: [Int]

        /// Number of elements.
        package var count: Int { shape.reduce(1, *) }
        /// Bytes of all elements.
        package var byteCount: Int { count * element.byteCount }
    }

    /// How a new dataset stores its elements.
    package enum Layout: Sendable, Equatable {
        /// In one block.
        case contiguous
        /// In chunks of a shape, to each of which the filters are applied in turn.
        case chunked([Int], filters: [Filter] = [])
    }

    /// A transformation of a chunk's bytes.
    package enum Filter: Sendable, Equatable {
        /// zlib's compression, at a level from 0 to 9.
        case deflate(level: Int)
    }
}

@available(*, unavailable)
extension HDF5.Dataset: Sendable {}

extension HDF5.Dataset {
    /// Closes the dataset.
    ///
    /// - Throws: ``HDF5Error`` (`callFailed`); also after a failed write, on a full disk for example.
    package consuming func close() throws(HDF5Error) { try handle.close() }
}

extension HDF5.Group {
    /// Creates a dataset; its group must exist. A contiguous one is allocated at once.
    ///
    /// Elements that are never written are undefined: write all of them.
    /// - Throws: ``HDF5Error``: `objectExists`, `objectMissing`, `linkNotAllowed`, `wrongObject`, `wrongShape` for
    ///   invalid extents or chunks, `callFailed`.
    package func createDataset(
        _ path: String, of element: HDF5.ElementType, shape: [Int], layout: HDF5.Layout = .contiguous
    ) throws(HDF5Error) -> HDF5.Dataset {
        try requireFree(path)
        let space = try HDF5.dataspace(shape, of: full(path))
        let list = try Library.own(H5Pcreate(chdf5_dataset_creation()), as: .propertyList, "H5Pcreate")
        try Library.check(H5Pset_obj_track_times(list.id, false), "H5Pset_obj_track_times")
        // Fill values would only be overwritten.
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
                        "Chunks of \(chunk) do not match /\(full(path)) of shape \(shape); use as many extents above 0."
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

    /// Opens a dataset whose type, shape and storage must be the given ones. Its header is validated before libhdf5
    /// decodes it, as in ``inspectDataset(_:)``.
    ///
    /// - Parameters:
    ///   - element: the exact type.
    ///   - shape: the exact extents; `nil` for any extents of at most `byteLimit` bytes.
    ///   - allowing: the filters that a chunked dataset may have; `nil` refuses chunked datasets.
    ///   - byteLimit: the maximum number of bytes of all elements.
    /// - Throws: ``HDF5Error``: `objectMissing`, `linkNotAllowed`, `wrongObject`, `wrongType`, `wrongShape`,
    ///   `layoutNotAllowed`, `limitExceeded`, `callFailed`.
    package func openDataset(
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
    /// A damaged header can crash libhdf5 and is refused before the library decodes it.
    /// - Throws: ``HDF5Error``: `objectMissing`, `linkNotAllowed`, `wrongObject`, `wrongShape` for extents that
    ///   overflow `Int`, `wrongType` for elements that are not numbers, `layoutNotAllowed` for what HDF5 1.8 does not
    ///   write for elements in the file itself, such as virtual datasets and external files; `callFailed`.
    package func inspectDataset(_ path: String) throws(HDF5Error) -> HDF5.DatasetInformation {
        let dataset = try open(path)
        return try HDF5.DatasetInformation(of: dataset.id, path: full(path))
    }
}

extension HDF5.Group {
    /// Opens the dataset of a path once its header is known to be safe for libhdf5 to decode.
    ///
    /// - Throws: ``HDF5Error``: `objectMissing`, `linkNotAllowed`, `wrongObject`, `wrongType`, `layoutNotAllowed`,
    ///   `callFailed`.
    private func open(_ path: String) throws(HDF5Error) -> Handle {
        let address = try require(path, .dataset)
        let file = if let headers { try headers.bytes(of: handle.id) } else { try FileBytes(of: handle.id) }
        try ObjectHeader(of: .dataset(full(path)), at: address, in: file).validateDataset(full(path), in: file)
        return try Library.own(
            H5Dopen2(handle.id, path, chdf5_default_list()), as: .dataset, "H5Dopen2",
            "The dataset /\(full(path)) could not be opened.")
    }
}

extension HDF5 {
    /// Creates a dataspace of the given extents; a scalar one if there are none.
    static func dataspace(_ shape: [Int], of path: String) throws(HDF5Error) -> Handle {
        if shape.isEmpty { return try Library.own(H5Screate(H5S_SCALAR), as: .dataspace, "H5Screate") }
        var bytes = 8
        for extent in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard shape.count <= 32, extent >= 0, !overflow else {
                throw HDF5Error(
                    code: .wrongShape,
                    message: "/\(path) cannot have the shape \(shape): use at most 32 extents, none of them negative.")
            }
            bytes = product
        }
        let extents = shape.map(hsize_t.init)
        return try Library.own(
            H5Screate_simple(Int32(extents.count), extents, nil), as: .dataspace, "H5Screate_simple")
    }
}
