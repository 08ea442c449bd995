internal import DQNModel

/// The contents of data sets.
extension HierarchicalObject {
    /// Returns a data set of numbers.
    ///
    /// - Throws: ``InterchangeError``: `malformed`; `notRepresentable` for other elements, layouts and filters.
    func tensor() throws(InterchangeError) -> ForeignTensor {
        var space: ByteReader = try required(HierarchicalMessage.Kind.dataspace)
        var typeBytes: ByteReader = try required(HierarchicalMessage.Kind.datatype)
        let type = try HierarchicalType(&typeBytes)
        guard let shape = try HierarchicalSpace.shape(&space) else {
            throw .notRepresentable("\(words) of \(file.name) has no elements.")
        }
        guard case .number(let element) = type.kind else {
            var name = "text"
            if case .other(let other) = type.kind { name = other }
            throw .notRepresentable("\(words) of \(file.name) has \(name) instead of numbers.")
        }
        guard !messages.contains(where: { $0.kind == HierarchicalMessage.Kind.externalFiles }) else {
            throw .notRepresentable("\(words) of \(file.name) is stored in other files, which are never opened.")
        }
        let count = try ForeignTensor.count(of: shape, "\(words) of \(file.name)") * element.byteCount
        try file.produce(count)
        return try ForeignTensor(element, shape, try contents(count, shape, element), "\(words) of \(file.name)")
    }

    private func required(_ kind: Int) throws(InterchangeError) -> ByteReader {
        guard let message = messages.first(where: { $0.kind == kind }) else {
            throw .malformed("\(words) of \(file.name) is no data set, or lacks its type or extents.")
        }
        guard !message.isShared else {
            throw .notRepresentable("\(words) of \(file.name) has a type that is stored elsewhere.")
        }
        return ByteReader(message.body, "\(words) of \(file.name)")
    }

    private func contents(
        _ count: Int, _ shape: [Int], _ element: ForeignTensor.Element
    ) throws(InterchangeError) -> ArraySlice<UInt8> {
        var layout: ByteReader = try required(HierarchicalMessage.Kind.layout)
        let version = try layout.byte()
        let kind = try layout.byte()
        guard version == 3 || (version == 4 && kind < 2) else {
            throw .notRepresentable(
                "\(words) of \(file.name) has a layout of version \(version) and kind \(kind), which is not supported; save "
                    + "the file with h5py's defaults, without libver='latest'.")
        }
        let filters = try HierarchicalFilter.all(of: self)
        guard filters.isEmpty || kind == 2 else {
            throw .malformed("\(words) of \(file.name) has filters and no chunks.")
        }
        switch kind {
        case 0: return try layout.take(min(try layout.count(2), count))
        case 1:
            let (address, size) = (try layout.number(8), try layout.count(8))
            if count == 0 { return [] }
            guard address != HierarchicalFile.undefined, size >= count else {
                throw .malformed("\(words) of \(file.name) has no contents: it was never written.")
            }
            return try file.region(at: address, count: count, words)
        case 2:
            let rank = try layout.count(1) - 1
            let tree = try layout.number(8)
            var extents: [Int] = []
            for _ in 0..<max(rank, 0) { extents.append(try layout.count(4)) }
            let size = try layout.count(4)
            if count == 0 { return [] }
            guard rank == shape.count, rank > 0, size == element.byteCount, !extents.contains(0) else {
                throw .malformed("\(words) of \(file.name) has chunks that do not fit its extents.")
            }
            return try chunks(tree, HierarchicalChunks(shape, extents, size, words), filters)[...]
        default: throw .malformed("\(words) of \(file.name) has a layout of the unknown kind \(kind).")
        }
    }

    private func chunks(
        _ tree: UInt64, _ plan: HierarchicalChunks, _ filters: [HierarchicalFilter]
    ) throws(InterchangeError) -> [UInt8] {
        let chunkBytes = try plan.chunkBytes(file.name)
        var result = [UInt8](repeating: 0, count: plan.byteCount)
        var places: Set<[Int]> = []
        try file.forEachLeaf(
            of: tree, kind: 1, keyBytes: 16 + 8 * plan.shape.count, words
        ) { (key, address) throws(InterchangeError) in
            var key = ByteReader(key, "\(words) of \(file.name)")
            let (stored, skipped) = (try key.count(4), try key.number(4))
            var place: [Int] = []
            for _ in plan.shape { place.append(try key.count(8)) }
            guard plan.isPlace(place), places.insert(place).inserted else {
                throw .malformed("\(words) of \(file.name) has a chunk at the impossible place \(place).")
            }
            try file.produce(chunkBytes)
            var chunk = try file.region(at: address, count: stored, words)
            for (index, filter) in filters.enumerated().reversed() where skipped >> UInt64(index) & 1 == 0 {
                chunk = try filter.undone(chunk, chunkBytes, "\(words) of \(file.name)")
            }
            guard chunk.count == chunkBytes else {
                throw .malformed(
                    "\(words) of \(file.name) has a chunk of \(chunk.count) instead of \(chunkBytes) bytes.")
            }
            plan.copy(chunk, place, to: &result)
        }
        guard places.count == plan.count else {
            throw .malformed("\(words) of \(file.name) has \(places.count) of its \(plan.count) chunks.")
        }
        return result
    }
}
