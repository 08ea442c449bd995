internal import DQNModel

/// One column of a replay: a ring buffer of slots of equal size, in copy-on-write chunks.
///
/// Not thread-safe.
final class ReplayRing {
    let name: String
    let element: ElementType
    let shape: [Int]
    let chunkLength: Int
    let bytesPerSlot: Int
    /// Reads the slots without reference counting.
    let slots: ReplaySlots
    private(set) var chunks: [ReplayChunk] = []
    private let maximumChunks: Int
    // The address of each chunk's bytes, for `slots`. Valid as long as `chunks` holds the chunk; updated after each
    // write, which may replace the chunk's storage.
    private let starts: UnsafeMutablePointer<UnsafeRawPointer>

    /// Creates an empty ring.
    ///
    /// - Parameters:
    ///   - capacity: The maximum number of slots.
    ///   - chunkLength: The number of slots of a chunk; a power of two.
    init(name: String, element: ElementType, shape: [Int], capacity: Int, chunkLength: Int) {
        precondition(
            chunkLength > 0 && chunkLength & (chunkLength - 1) == 0, "the length of a chunk must be a power of two")
        self.name = name
        self.element = element
        self.shape = shape
        self.chunkLength = chunkLength
        bytesPerSlot = shape.reduce(1, *) * element.byteCount
        maximumChunks = (capacity + chunkLength - 1) / chunkLength
        starts = .allocate(capacity: maximumChunks)
        slots = ReplaySlots(starts: starts, chunkLength: chunkLength, bytesPerSlot: bytesPerSlot)
    }

    deinit { starts.deallocate() }

    /// Writes a slot. The first write to a chunk allocates it; slots must be written in order the first time.
    func write(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == bytesPerSlot, "a slot of \(name) has \(bytesPerSlot) bytes, not \(bytes.count)")
        let index = slots.chunk(slot)
        if index == chunks.count { append(ReplayChunk(byteCount: chunkLength * bytesPerSlot)) }
        starts[index] = Self.start(chunks[index].write(bytes, at: slots.offset(slot)))
    }

    func write<Value: BitwiseCopyable>(_ slot: Int, value: Value) {
        withUnsafeBytes(of: value) { write(slot, $0) }
    }

    var column: ReplaySnapshot.Column {
        ReplaySnapshot.Column(name: name, element: element, shape: shape, chunks: chunks)
    }

    /// Restores the stored column of this name. Shares its chunks if they have the same length as this buffer's.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if there is no column of the same name, type and shape.
    func restore(_ snapshot: ReplaySnapshot) throws(ModelError) {
        guard let column = snapshot.columns.first(where: { $0.name == name }), column.element == element,
            column.shape == shape
        else {
            throw .invalid("The stored replay has no column '\(name)' of \(element.rawValue) \(shape).")
        }
        let chunkBytes = chunkLength * bytesPerSlot
        if snapshot.chunkLength == chunkLength, column.chunks.count <= maximumChunks,
            column.chunks.allSatisfy({ $0.byteCount == chunkBytes })
        {
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

    private func append(_ chunk: ReplayChunk) {
        precondition(chunks.count < maximumChunks, "a slot of \(name) is beyond the capacity")
        (starts + chunks.count).initialize(to: Self.start(chunk.withBytes { $0.baseAddress }))
        chunks.append(chunk)
    }

    private static func start(_ address: UnsafeRawPointer?) -> UnsafeRawPointer {
        guard let address else { preconditionFailure("a replay chunk holds at least one byte") }
        return address
    }
}

/// The addresses of a ring buffer's slots: reading needs no reference counting and no exclusivity checks.
///
/// Valid as long as the ring buffer exists; the bytes are valid until the next write.
struct ReplaySlots {
    private let starts: UnsafePointer<UnsafeRawPointer>
    // The length of a chunk is a power of two: finding a slot takes a shift instead of a division.
    private let shift: Int
    private let mask: Int
    private let bytesPerSlot: Int

    init(starts: UnsafeMutablePointer<UnsafeRawPointer>, chunkLength: Int, bytesPerSlot: Int) {
        self.starts = UnsafePointer(starts)
        self.bytesPerSlot = bytesPerSlot
        shift = chunkLength.trailingZeroBitCount
        mask = chunkLength - 1
    }

    /// Returns the index of a slot's chunk.
    func chunk(_ slot: Int) -> Int { slot >> shift }

    /// Returns the offset of a slot in its chunk, in bytes.
    func offset(_ slot: Int) -> Int { (slot & mask) * bytesPerSlot }

    /// Returns the bytes of a slot that has been written; valid until the next write.
    @inline(__always)
    func bytes(_ slot: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: starts[chunk(slot)] + offset(slot), count: bytesPerSlot)
    }

    @inline(__always)
    func value<Value: BitwiseCopyable>(_ slot: Int, as type: Value.Type) -> Value {
        (starts[chunk(slot)] + offset(slot)).loadUnaligned(as: type)
    }
}
