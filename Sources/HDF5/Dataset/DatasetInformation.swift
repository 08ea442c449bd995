internal import CHDF5

extension HDF5 {
    /// A description of a dataset, to be checked before anything is allocated or read.
    package struct DatasetInformation: Sendable, Equatable {
        /// How the elements are stored.
        package enum Storage: Sendable, Equatable {
            /// In one block.
            case contiguous
            /// In chunks of a shape.
            case chunked([Int])
            /// In the object's header.
            case compact
        }

        /// A registered filter's number; 1 is deflate.
        package typealias FilterNumber = Int

        /// Its path from the root, without a leading `/`.
        package let path: String
        /// The elements' type; `nil` if it is not exactly one of ``HDF5/ElementType``.
        package let element: ElementType?
        /// Extents, outermost first; empty for a scalar.
        package let shape: [Int]
        /// Whether its dataspace is null, so that it never has elements.
        package let isNull: Bool
        /// Whether an extent may grow.
        package let isExtendible: Bool
        /// How the elements are stored.
        package let storage: Storage
        /// The filters' numbers, in order.
        package let filters: [FilterNumber]
        /// Size in the file, before filters are undone.
        package let storedByteCount: Int
        /// Number of its attributes.
        package let attributeCount: Int

        /// Number of elements; `nil` if it overflows.
        package var count: Int? {
            var count = 1
            for extent in shape {
                let (product, overflow) = count.multipliedReportingOverflow(by: extent)
                if overflow { return nil }
                count = product
            }
            return count
        }
    }
}

extension HDF5.DatasetInformation {
    init(of dataset: hid_t, path: String) throws(HDF5Error) {
        self.path = path
        let type = try Library.own(H5Dget_type(dataset), as: .datatype, "H5Dget_type")
        var element: HDF5.ElementType?
        for candidate in HDF5.ElementType.allCases
        where try Library.answer(H5Tequal(type.id, candidate.identifier), "H5Tequal") {
            element = candidate
        }
        self.element = element
        let space = try Library.own(H5Dget_space(dataset), as: .dataspace, "H5Dget_space")
        isNull = H5Sget_simple_extent_type(space.id) == H5S_NULL
        let rank = H5Sget_simple_extent_ndims(space.id)
        try Library.check(rank, "H5Sget_simple_extent_ndims")
        var extents = [hsize_t](repeating: 0, count: Int(rank))
        var maximum = extents
        if rank > 0 {
            try Library.check(
                H5Sget_simple_extent_dims(space.id, &extents, &maximum), "H5Sget_simple_extent_dims")
        }
        guard extents.allSatisfy({ $0 <= hsize_t(Int.max) }) else {
            throw HDF5Error(code: .wrongShape, message: "The dataset /\(path) has extents that overflow.")
        }
        shape = extents.map(Int.init)
        isExtendible = extents != maximum
        let list = try Library.own(H5Dget_create_plist(dataset), as: .propertyList, "H5Dget_create_plist")
        switch H5Pget_layout(list.id) {
        case H5D_CONTIGUOUS: storage = .contiguous
        case H5D_COMPACT: storage = .compact
        case H5D_CHUNKED:
            var chunk = [hsize_t](repeating: 0, count: max(Int(rank), 1))
            try Library.check(H5Pget_chunk(list.id, Int32(chunk.count), &chunk), "H5Pget_chunk")
            storage = .chunked(chunk.map { Int(clamping: $0) })
        default: throw Library.failure("H5Pget_layout", "")
        }
        let filterCount = H5Pget_nfilters(list.id)
        try Library.check(filterCount, "H5Pget_nfilters")
        var filters: [FilterNumber] = []
        for index in 0..<UInt32(filterCount) {
            var flags: UInt32 = 0
            var count = 0
            var configuration: UInt32 = 0
            let number = H5Pget_filter2(list.id, index, &flags, &count, nil, 0, nil, &configuration)
            try Library.check(number, "H5Pget_filter2")
            filters.append(Int(number))
        }
        self.filters = filters
        storedByteCount = Int(clamping: H5Dget_storage_size(dataset))
        attributeCount = try HDF5.Group.attributeCount(of: ".", in: dataset)
    }

    /// Throws unless the dataset is exactly as requested; see
    /// ``HDF5/Group/openDataset(_:as:shape:allowing:byteLimit:)``.
    func require(
        _ element: HDF5.ElementType, _ shape: [Int]?, _ allowed: Set<FilterNumber>?, _ byteLimit: Int
    ) throws(HDF5Error) {
        guard self.element == element else {
            let found = self.element?.rawValue ?? "of another type"
            throw HDF5Error(
                code: .wrongType,
                message: "The dataset /\(path) must be little-endian \(element.rawValue); it is \(found).")
        }
        guard !isNull, !isExtendible, shape.map({ $0 == self.shape }) ?? true, let count else {
            let wanted = shape.map { "\($0)" } ?? "a fixed shape"
            throw HDF5Error(
                code: .wrongShape, message: "The dataset /\(path) must have \(wanted); it has \(self.shape).")
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: element.byteCount)
        guard !overflow, bytes <= byteLimit else {
            throw HDF5Error(
                code: .limitExceeded,
                message: "The dataset /\(path) has \(count) elements; at most \(byteLimit) bytes are allowed.")
        }
        switch storage {
        case .contiguous:
            guard filters.isEmpty, storedByteCount == bytes else {
                throw HDF5Error(
                    code: .layoutNotAllowed,
                    message: "The dataset /\(path) stores \(storedByteCount) bytes, but its shape needs \(bytes).")
            }
        case .chunked where allowed != nil:
            guard filters.allSatisfy({ allowed?.contains($0) ?? false }) else {
                throw HDF5Error(
                    code: .layoutNotAllowed,
                    message: "The dataset /\(path) has filters \(filters), which are not allowed.")
            }
        case .chunked, .compact:
            throw HDF5Error(
                code: .layoutNotAllowed,
                message: "The dataset /\(path) has the layout \(storage), which is not allowed.")
        }
    }
}
