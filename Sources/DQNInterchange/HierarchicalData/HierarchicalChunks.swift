internal import DQNModel

/// How a data set is cut into chunks.
struct HierarchicalChunks {
    let shape: [Int]
    private let chunk: [Int]
    private let elementBytes: Int
    private let words: String

    init(_ shape: [Int], _ chunk: [Int], _ elementBytes: Int, _ words: String) {
        (self.shape, self.chunk, self.elementBytes, self.words) = (shape, chunk, elementBytes, words)
    }

    /// The size of all elements.
    var byteCount: Int { shape.reduce(elementBytes, *) }
    /// The number of chunks.
    var count: Int { zip(shape, chunk).reduce(1) { $0 * (($1.0 - 1) / $1.1 + 1) } }

    /// Returns the size of a chunk, which is whole also at the edges.
    func chunkBytes(_ file: String) throws(InterchangeError) -> Int {
        try ForeignTensor.count(of: chunk, "A chunk of \(words) of \(file)") * elementBytes
    }

    /// Whether a chunk may begin at an element.
    func isPlace(_ place: [Int]) -> Bool {
        zip(place, zip(shape, chunk)).allSatisfy { $0 < $1.0 && $0.isMultiple(of: $1.1) }
    }

    /// Copies the part of a chunk that lies within the data set.
    func copy(_ bytes: ArraySlice<UInt8>, _ place: [Int], to result: inout [UInt8]) {
        let rank = shape.count
        let extents = (0..<rank).map { min(chunk[$0], shape[$0] - place[$0]) }
        let row = extents[rank - 1] * elementBytes
        var index = [Int](repeating: 0, count: rank)
        for _ in 0..<extents.dropLast().reduce(1, *) {
            var (source, target) = (0, 0)
            for axis in 0..<rank {
                source = source * chunk[axis] + index[axis]
                target = target * shape[axis] + place[axis] + index[axis]
            }
            let start = bytes.startIndex + source * elementBytes
            let end = target * elementBytes
            result.replaceSubrange(end..<(end + row), with: bytes[start..<(start + row)])
            for axis in (0..<(rank - 1)).reversed() {
                index[axis] += 1
                if index[axis] < extents[axis] { break }
                index[axis] = 0
            }
        }
    }
}
