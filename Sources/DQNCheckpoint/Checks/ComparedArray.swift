internal import DQNModel
internal import Foundation

/// An array of a checkpoint that is compared with one of another, without holding either in memory.
struct ComparedArray {
    /// Bytes of a piece of a contiguous array.
    private static let pieceBytes = 1 << 22

    let element: ElementType
    let shape: [Int]
    let isDocument: Bool
    private let content: Content

    private enum Content {
        /// In memory.
        case array(StoredArray)
        /// In a file.
        case entry(Manifest.Entry, OpenContainer)
    }

    /// The type and the shape, for people.
    var kind: String { "\(element.rawValue) \(shape)" }

    /// Returns the arrays of a file by path.
    ///
    /// - Parameter isUpgraded: Whether they have the form of the current version, rather than that of the file.
    static func all(
        of file: OpenContainer, upgraded isUpgraded: Bool
    ) throws(CheckpointError) -> [String: ComparedArray] {
        var arrays: [String: ComparedArray] = [:]
        if isUpgraded, file.reader.version != FormatVersion.current {
            let checkpoint = try CheckpointFile.checkpoint(file.reader)
            for array in try FormatVersion.codec(of: FormatVersion.current).arrays(checkpoint) {
                arrays[array.path] = ComparedArray(array, in: file)
            }
        } else {
            for entry in file.reader.manifest.datasets { arrays[entry.path] = ComparedArray(entry, in: file) }
        }
        return arrays
    }

    private init(_ entry: Manifest.Entry, in file: OpenContainer) {
        element = entry.type
        shape = entry.shape
        isDocument = entry.type == .uint8 && FileLayout.isDocument(entry.path)
        content = .entry(entry, file)
    }

    private init(_ array: StoredArray, in file: OpenContainer) {
        element = array.element
        shape = array.shape
        isDocument = array.element == .uint8 && FileLayout.isDocument(array.path)
        // A replay column that was left in the file.
        if array.isInFile, let entry = file.reader.manifest[array.path] {
            content = .entry(entry, file)
        } else {
            content = .array(array)
        }
    }

    /// Returns all bytes.
    func bytes() throws(CheckpointError) -> [UInt8] {
        var pieces = try pieces()
        var bytes: [UInt8] = []
        while let piece = try pieces.next() { piece.withBytes { bytes += $0 } }
        return Array(bytes.prefix(byteCount))
    }

    /// Bytes of all elements.
    var byteCount: Int { shape.reduce(element.byteCount, *) }

    private func pieces() throws(CheckpointError) -> Pieces {
        switch content {
        case .array(let array):
            var chunks: [ReplayChunk] = []
            array.forEachRun { chunks.append(ReplayChunk(byteCount: $0.count, prefix: $0)) }
            return Pieces(chunks: chunks[...])
        case .entry(let entry, let file):
            let rows = entry.shape.first ?? 1
            let fitting = Self.pieceBytes / max(entry.bytesPerRow, 1)
            return Pieces(
                cursor: try file.reader.cursor(of: entry, rows: entry.chunkRows ?? max(1, min(fitting, rows))))
        }
    }

    /// Returns the largest difference of two elements; `nil` if all bytes are equal.
    ///
    /// - Parameter other: An array of the same type and shape.
    func largestDifference(to other: ComparedArray) throws(CheckpointError) -> Double? {
        var largest: Double?
        var (left, right) = (try pieces(), try other.pieces())
        var remaining = byteCount
        while remaining > 0, try left.fill(), try right.fill() {
            let count = min(remaining, left.count, right.count)
            left.withBytes(count) { a in
                right.withBytes(count) { b in
                    if !Self.areEqual(a, b) { largest = max(largest ?? 0, element.largestDifference(a, b)) }
                }
            }
            left.skip(count)
            right.skip(count)
            remaining -= count
        }
        return largest
    }

    private static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard let a = left.baseAddress, let b = right.baseAddress else { return true }
        return memcmp(a, b, left.count) == 0
    }

    /// The bytes of an array, piece by piece.
    private struct Pieces {
        var chunks: ArraySlice<ReplayChunk> = []
        var cursor: ReplayCursor?
        private var current: ReplayChunk?
        private var offset = 0

        init(chunks: ArraySlice<ReplayChunk> = [], cursor: ReplayCursor? = nil) {
            self.chunks = chunks
            self.cursor = cursor
        }

        mutating func next() throws(CheckpointError) -> ReplayChunk? {
            if let cursor { return try cursor.next() }
            return chunks.popFirst()
        }

        /// The number of bytes of the current piece that are left.
        var count: Int { (current?.byteCount ?? 0) - offset }

        /// Takes the next piece if none is left of the current one; returns whether there is one.
        mutating func fill() throws(CheckpointError) -> Bool {
            while count == 0 {
                guard let next = try next() else { return false }
                (current, offset) = (next, 0)
            }
            return true
        }

        func withBytes(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
            current?.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + count)])) }
        }

        mutating func skip(_ count: Int) { offset += count }
    }
}

extension ElementType {
    /// Returns the largest absolute difference of two elements at the same place.
    fileprivate func largestDifference(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Double {
        func largest<Number: BitwiseCopyable>(_: Number.Type, _ number: (Number) -> Double) -> Double {
            zip(left.bindMemory(to: Number.self), right.bindMemory(to: Number.self)).reduce(0) { worst, pair in
                let (x, y) = (number(pair.0), number(pair.1))
                // Two NaNs are equal; one NaN differs from every number.
                if x.isNaN || y.isNaN { return x.isNaN && y.isNaN ? worst : .infinity }
                return max(worst, x == y ? 0 : abs(x - y))
            }
        }
        // Different integers above 2^53 may round to equal doubles.
        func atLeastOne(_ value: Double) -> Double { max(value, 1) }
        return switch self {
        case .float32: largest(Float.self) { Double($0) }
        case .float64: largest(Double.self) { $0 }
        case .uint8: largest(UInt8.self) { Double($0) }
        case .int32: largest(Int32.self) { Double($0) }
        case .int64: atLeastOne(largest(Int64.self) { Double($0) })
        case .uint64: atLeastOne(largest(UInt64.self) { Double($0) })
        }
    }
}
