internal import DQNModel

/// A dataset to write. Its bytes need not be contiguous in memory.
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

    /// Creates an array from values, copied in memory order, which is little-endian on all supported machines.
    init<Value: BitwiseCopyable>(_ path: String, _ element: ElementType, shape: [Int]? = nil, values: [Value]) {
        self.path = path
        self.element = element
        self.shape = shape ?? [values.count]
        content = .bytes(values.withUnsafeBytes(Array.init))
    }

    /// Creates an array from the bytes of its elements.
    init(_ path: String, bytes: [UInt8], element: ElementType, shape: [Int]) {
        self.path = path
        self.element = element
        self.shape = shape
        content = .bytes(bytes)
    }

    /// Creates an array from a part of a flat parameter vector; shares the vector's memory.
    init(_ path: String, shape: [Int], floats: [Float], range: Range<Int>) {
        self.path = path
        element = .float32
        self.shape = shape
        content = .floats(floats, range)
    }

    /// Creates an array from the slots in use of a replay column; shares its chunks.
    init(_ path: String, _ column: ReplaySnapshot.Column, of snapshot: ReplaySnapshot) {
        self.path = path
        element = column.element
        shape = [snapshot.count] + column.shape
        content = .replay(snapshot, column)
    }

    /// The replay column, if the array is one.
    var replay: (snapshot: ReplaySnapshot, column: ReplaySnapshot.Column)? {
        if case .replay(let snapshot, let column) = content { (snapshot, column) } else { nil }
    }

    /// Whether the elements are in the file that is being copied.
    var isInFile: Bool { replay?.column.isInFile ?? false }

    /// Returns the rows per chunk if a layout stores the array in chunks: replay columns whose rows are not empty.
    func chunkRows(_ layout: ContainerLayout) -> Int? {
        replay.flatMap {
            layout.chunkRows(
                count: $0.snapshot.count, chunkLength: $0.snapshot.chunkLength, bytesPerRow: bytesPerRow)
        }
    }

    /// Bytes per index of the first axis.
    var bytesPerRow: Int { shape.dropFirst().reduce(element.byteCount, *) }

    /// Calls `body` with the bytes in order, in runs of whole rows.
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
    /// Like `withUnsafeBytes`, with typed throws.
    func withBytes<Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
        var failure: Failure?
        withUnsafeBytes { buffer in
            do throws(Failure) { try body(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
