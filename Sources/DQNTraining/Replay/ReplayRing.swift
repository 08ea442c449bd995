internal import DQNModel

/// One column of a replay: a ring of equally large slots in copy-on-write chunks.
struct ReplayRing {
    let name: String
    let element: ElementType
    let shape: [Int]
    let chunkLength: Int
    let bytesPerSlot: Int
    private(set) var chunks: [ReplayChunk] = []
    // Where each chunk's bytes start, so that reading a slot costs no reference counting. Valid as long as `chunks`
    // holds the chunk; refreshed after each write, since that may have replaced the storage.
    private var starts: [UnsafeRawPointer] = []

    init(name: String, element: ElementType, shape: [Int], chunkLength: Int) {
        self.name = name
        self.element = element
        self.shape = shape
        self.chunkLength = chunkLength
        bytesPerSlot = shape.reduce(1, *) * element.byteCount
    }

    /// The bytes of a slot that has been written; valid until the next write.
    func bytes(_ slot: Int) -> UnsafeRawBufferPointer {
        let start = starts[slot / chunkLength] + (slot % chunkLength) * bytesPerSlot
        return UnsafeRawBufferPointer(start: start, count: bytesPerSlot)
    }

    /// Writes a slot; the first write of a chunk's range allocates it. Slots are first written in order.
    mutating func write(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == bytesPerSlot, "a slot of \(name) takes \(bytesPerSlot) bytes, not \(bytes.count)")
        let index = slot / chunkLength
        if index == chunks.count { append(ReplayChunk(byteCount: chunkLength * bytesPerSlot)) }
        let offset = (slot % chunkLength) * bytesPerSlot
        starts[index] = chunks[index].withMutableBytes { chunk in
            UnsafeMutableRawBufferPointer(rebasing: chunk[offset..<(offset + bytesPerSlot)]).copyMemory(from: bytes)
            return Self.start(UnsafeRawBufferPointer(chunk))
        }
    }

    mutating func write<Value: BitwiseCopyable>(_ slot: Int, value: Value) {
        withUnsafeBytes(of: value) { write(slot, $0) }
    }

    func value<Value: BitwiseCopyable>(_ slot: Int, as type: Value.Type) -> Value {
        bytes(slot).loadUnaligned(as: type)
    }

    var column: ReplaySnapshot.Column {
        ReplaySnapshot.Column(name: name, element: element, shape: shape, chunks: chunks)
    }

    /// Takes over a stored column; shares its chunks where they are cut as here.
    mutating func restore(_ column: ReplaySnapshot.Column, of snapshot: ReplaySnapshot) {
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
