internal import DQNModel

/// The elements that tensors of PyTorch share. The older format has them behind the pickle that refers to them.
final class TorchStorage {
    let key: String
    let element: ForeignTensor.Element
    let count: Int
    var bytes: ArraySlice<UInt8>?

    init(key: String, element: ForeignTensor.Element, count: Int) {
        self.key = key
        self.element = element
        self.count = count
    }
}

/// A view of a storage.
struct TorchTensor {
    let storage: TorchStorage
    let offset: Int
    let shape: [Int]
    let strides: [Int]
    private let name: String

    /// Creates a view, which must lie within the storage and have no more elements than that.
    init(
        _ storage: TorchStorage, offset: Int, shape: [Int], strides: [Int], _ name: String
    ) throws(InterchangeError) {
        let count = try ForeignTensor.count(of: shape, name)
        guard offset >= 0, shape.count == strides.count, count <= storage.count else {
            throw .malformed("\(name) has a tensor of \(shape) in a storage of \(storage.count) elements.")
        }
        var last = offset
        if count > 0 {
            for (extent, stride) in zip(shape, strides) {
                let (span, overflows) = (extent - 1).multipliedReportingOverflow(by: stride)
                let (sum, alsoOverflows) = last.addingReportingOverflow(span)
                guard stride >= 0, !overflows, !alsoOverflows else { last = Int.max; break }
                last = sum
            }
        }
        guard count == 0 || last < storage.count else {
            throw .malformed("\(name) has a tensor of \(shape) that reaches beyond its storage '\(storage.key)'.")
        }
        self.storage = storage
        self.offset = offset
        self.shape = shape
        // Along an axis of one element nothing is stepped over.
        self.strides = zip(shape, strides).map { $0 == 1 ? 0 : $1 }
        self.name = name
    }

    /// The size of a copy.
    var byteCount: Int { shape.reduce(1, *) * storage.element.byteCount }

    /// Whether the elements follow one another, row-major.
    var isContiguous: Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            guard stride == expected else { return false }
            expected *= extent
        }
        return true
    }

    /// Returns the tensor row-major.
    func contiguous() throws(InterchangeError) -> ForeignTensor {
        guard let bytes = storage.bytes else {
            throw .malformed("\(name) lacks the contents of the storage '\(storage.key)'.")
        }
        let size = storage.element.byteCount
        let count = shape.reduce(1, *)
        guard !isContiguous, count > 0 else {
            let start = bytes.startIndex + (count == 0 ? 0 : offset * size)
            return try ForeignTensor(storage.element, shape, bytes[start..<(start + count * size)], name)
        }
        let gathered = ForeignTensor.gathered(bytes, elementBytes: size, from: offset, shape, strides)
        return try ForeignTensor(storage.element, shape, gathered[...], name)
    }
}
