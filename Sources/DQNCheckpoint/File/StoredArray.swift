internal import DQNModel

/// One dataset of a file to be written: where, what, and its bytes, which are not gathered in one place.
struct StoredArray: Sendable {
    /// Path from the root, without a leading `/`.
    let path: String
    let element: ElementType
    let shape: [Int]
    private let content: Content

    private enum Content: Sendable {
        case bytes([UInt8])
        case floats([Float], Range<Int>)
        case replay(ReplaySnapshot, ReplaySnapshot.Column)
    }

    /// Any values, copied as they lie in memory (little-endian on every machine that Swift runs on here).
    init<Value: BitwiseCopyable>(_ path: String, _ element: ElementType, shape: [Int]? = nil, values: [Value]) {
        self.path = path
        self.element = element
        self.shape = shape ?? [values.count]
        content = .bytes(values.withUnsafeBytes(Array.init))
    }

    /// Elements given as their bytes.
    init(_ path: String, bytes: [UInt8], element: ElementType, shape: [Int]) {
        self.path = path
        self.element = element
        self.shape = shape
        content = .bytes(bytes)
    }

    /// A part of a flat parameter vector; shares the vector's memory.
    init(_ path: String, shape: [Int], floats: [Float], range: Range<Int>) {
        self.path = path
        element = .float32
        self.shape = shape
        content = .floats(floats, range)
    }

    /// The slots in use of a replay column; shares its chunks.
    init(_ path: String, _ column: ReplaySnapshot.Column, of snapshot: ReplaySnapshot) {
        self.path = path
        element = column.element
        shape = [snapshot.count] + column.shape
        content = .replay(snapshot, column)
    }

    /// The replay column that this is, if it is one.
    var replay: (snapshot: ReplaySnapshot, column: ReplaySnapshot.Column)? {
        if case .replay(let snapshot, let column) = content { (snapshot, column) } else { nil }
    }

    /// Rows of a chunk where a layout stores the array in chunks: a replay column whose rows have any bytes.
    func chunkRows(_ layout: ContainerLayout) -> Int? {
        replay.flatMap {
            layout.chunkRows(
                count: $0.snapshot.count, chunkLength: $0.snapshot.chunkLength, bytesPerRow: bytesPerRow)
        }
    }

    /// Bytes of one index of the first axis.
    var bytesPerRow: Int { shape.dropFirst().reduce(element.byteCount, *) }

    /// Calls `body` with the bytes in order, each time whole rows.
    func forEachRun<Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
        switch content {
        case .bytes(let bytes): try bytes.withBytes(body)
        case .floats(let floats, let range):
            try floats.withBytes { (all: UnsafeRawBufferPointer) throws(Failure) in
                try body(UnsafeRawBufferPointer(rebasing: all[(range.lowerBound * 4)..<(range.upperBound * 4)]))
            }
        case .replay(let snapshot, let column): try snapshot.forEachRun(of: column, body)
        }
    }
}

extension Array where Element: BitwiseCopyable {
    /// `withUnsafeBytes` with typed throws, which the standard library's lacks.
    func withBytes<Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
        var failure: Failure?
        withUnsafeBytes { buffer in
            do throws(Failure) { try body(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
