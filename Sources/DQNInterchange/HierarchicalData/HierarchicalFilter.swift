internal import DQNCheckpoint
internal import DQNModel

/// A filter that chunks passed through when they were written.
enum HierarchicalFilter {
    case deflate
    /// All first bytes of elements of a size, then all second ones, and so on.
    case shuffle(Int)

    /// The filters of a data set, in the order in which they were applied.
    static func all(of object: HierarchicalObject) throws(InterchangeError) -> [HierarchicalFilter] {
        guard let message = object.messages.first(where: { $0.kind == HierarchicalMessage.Kind.filters }) else {
            return []
        }
        let words = "\(object.words) of \(object.file.name)"
        var body = ByteReader(message.body, words)
        let version = try body.byte()
        let count = try body.count(1)
        guard version == 1 || version == 2, count <= 32, !message.isShared else {
            throw .malformed("\(words) has filters of an unknown kind.")
        }
        if version == 1 { _ = try body.take(6) }
        var filters: [HierarchicalFilter] = []
        for _ in 0..<count {
            let number = try body.count(2)
            let nameBytes = version == 1 || number >= 256 ? try body.count(2) : 0
            _ = try body.take(2)
            let values = try body.count(2)
            _ = try body.take(nameBytes)
            let first = values > 0 ? try body.count(4) : 0
            // Version 1 pads to eight bytes.
            _ = try body.take(max(values - 1, 0) * 4 + (version == 1 && !values.isMultiple(of: 2) ? 4 : 0))
            switch number {
            case 1: filters.append(.deflate)
            case 2: filters.append(.shuffle(first))
            default:
                throw .notRepresentable(
                    "\(words) is compressed with HDF5's filter \(number); only deflate (gzip) and shuffle are supported."
                )
            }
        }
        return filters
    }

    /// Returns the bytes of a chunk before the filter was applied.
    func undone(
        _ bytes: ArraySlice<UInt8>, _ count: Int, _ words: String
    ) throws(InterchangeError) -> ArraySlice<UInt8> {
        switch self {
        case .deflate: return try Self.inflated(bytes, count, words)[...]
        case .shuffle(let size):
            guard size > 0, bytes.count.isMultiple(of: size) else {
                throw .malformed("\(words) has shuffled elements of \(size) bytes.")
            }
            let elements = bytes.count / size
            var result = [UInt8](repeating: 0, count: bytes.count)
            for (index, byte) in bytes.enumerated() { result[index % elements * size + index / elements] = byte }
            return result[...]
        }
    }

    private static func inflated(
        _ bytes: ArraySlice<UInt8>, _ count: Int, _ words: String
    ) throws(InterchangeError) -> [UInt8] {
        // Deflate cannot compress more than this.
        guard count / ZipArchive.Limit.expansion <= bytes.count else {
            throw .malformed("\(words) cannot be decompressed to \(count) bytes.")
        }
        let result: [UInt8]?
        do { result = try Decompressor.bytes(bytes, count: count, .zlib) } catch {
            throw InterchangeError(code: .missing, message: error.message, underlying: error)
        }
        guard let result else { throw .malformed("\(words) cannot be decompressed to \(count) bytes.") }
        return result
    }
}
