internal import DQNModel

/// One column of a replay: a ring of equally large slots in copy-on-write chunks.
struct ReplayRing {
    let name: String
    let element: ElementType
    let shape: [Int]
    let chunkLength: Int
    let bytesPerSlot: Int
    // A chunk's length is a power of two: finding a slot takes a shift instead of a division.
    private let shift: Int
    private(set) var chunks: [ReplayChunk] = []
    // Where each chunk's bytes start, so that reading a slot costs no reference counting. Valid as long as `chunks`
    // holds the chunk; refreshed after each write, since that may have replaced the storage.
    private var starts: [UnsafeRawPointer] = []

    init(name: String, element: ElementType, shape: [Int], chunkLength: Int) {
        precondition(chunkLength > 0 && chunkLength & (chunkLength - 1) == 0, "a chunk's length is a power of two")
        self.name = name
        self.element = element
        self.shape = shape
        self.chunkLength = chunkLength
        bytesPerSlot = shape.reduce(1, *) * element.byteCount
        shift = chunkLength.trailingZeroBitCount
    }

    /// The bytes of a slot that has been written; valid until the next write.
    func bytes(_ slot: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: starts[slot >> shift] + (slot & (chunkLength - 1)) * bytesPerSlot, count: bytesPerSlot)
    }

    /// Writes a slot; the first write of a chunk's range allocates it. Slots are first written in order.
    mutating func write(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == bytesPerSlot, "a slot of \(name) takes \(bytesPerSlot) bytes, not \(bytes.count)")
        let index = slot >> shift
        if index == chunks.count { append(ReplayChunk(byteCount: chunkLength * bytesPerSlot)) }
        let offset = (slot & (chunkLength - 1)) * bytesPerSlot
        starts[index] = chunks[index].withMutableBytes { chunk in
            UnsafeMutableRawBufferPointer(rebasing: chunk[offset..<(offset + bytesPerSlot)]).copyMemory(from: bytes)
            return Self.start(UnsafeRawBufferPointer(chunk))
        }
    }

    mutating func write<Value: BitwiseCopyable>(_ slot: Int, value: Value) {
        withUnsafeBytes(of: value) { write(slot, $0) }
    }

    @inline(__always)
    func value<Value: BitwiseCopyable>(_ slot: Int, as type: Value.Type) -> Value {
        bytes(slot).loadUnaligned(as: type)
    }

    var column: ReplaySnapshot.Column {
        ReplaySnapshot.Column(name: name, element: element, shape: shape, chunks: chunks)
    }

    /// Takes over the stored column of this name; shares its chunks where they are cut as here.
    ///
    /// - Throws: ``DQNModel/ModelError`` (`invalidSnapshot`) when there is none of the same type and shape.
    mutating func restore(_ snapshot: ReplaySnapshot) throws(ModelError) {
        guard let column = snapshot.columns.first(where: { $0.name == name }), column.element == element,
            column.shape == shape
        else {
            throw .invalid("The stored replay has no column '\(name)' of \(element.rawValue) \(shape).")
        }
        let chunkBytes = chunkLength * bytesPerSlot
        if snapshot.chunkLength == chunkLength, column.chunks.allSatisfy({ $0.byteCount == chunkBytes }) {
            column.chunks.forEach { append($0) }
            return
        }
        var slot = 0
        snapshot.forEachRun(of: column) { run in
            for start in stride(from: 0, to: run.count, by: bytesPerSlot) {
                write(slot, UnsafeRawBufferPointer(rebasing: run[start..<(start + bytesPerSlot)]))
                slot += 1
            }
        }
    }

    private mutating func append(_ chunk: ReplayChunk) {
        chunks.append(chunk)
        starts.append(chunk.withBytes { Self.start($0) })
    }

    private static func start(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer {
        guard let start = bytes.baseAddress else { preconditionFailure("a replay chunk holds at least one byte") }
        return start
    }
}
