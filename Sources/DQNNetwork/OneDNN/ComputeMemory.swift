/// The buffers of one computation, allocated with it and freed with it.
final class ComputeMemory {
    private var buffers: [UnsafeMutableRawPointer] = []

    /// Allocates zeros, aligned to a cache line and padded so that whole vectors may be read beyond the end.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        let floats = bytes((count + 16) * 4).bindMemory(to: Float.self, capacity: count + 16)
        floats.initialize(repeating: 0, count: count + 16)
        return floats
    }

    /// Allocates memory that is aligned to a cache line and not initialised.
    func bytes(_ count: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
        buffers.append(memory)
        return memory
    }

    deinit { for buffer in buffers { buffer.deallocate() } }
}

/// Buffers with a row for each observation of a batch. Several computations may share one batch; each has some rows.
final class BatchMemory {
    private let batchSize: Int
    private let memory = ComputeMemory()
    private var buffers: [UnsafeMutablePointer<Float>] = []

    init(batchSize: Int) { self.batchSize = batchSize }

    /// The whole batch's buffer with a number; allocated when it is first asked for.
    fileprivate func buffer(_ number: Int, width: Int) -> UnsafeMutablePointer<Float> {
        if number == buffers.count { buffers.append(memory.floats(batchSize * width)) }
        return buffers[number]
    }
}

/// One computation's rows of a batch. Computations of the same architecture ask for the same buffers in the same order.
final class RowMemory {
    let rows: Range<Int>
    private let batch: BatchMemory
    private var asked = 0

    init(_ batch: BatchMemory, rows: Range<Int>) {
        self.batch = batch
        self.rows = rows
    }

    /// These rows of the next buffer of the batch.
    ///
    /// - Parameter width: The floats of one row.
    func floats(_ width: Int) -> UnsafeMutablePointer<Float> {
        defer { asked += 1 }
        return batch.buffer(asked, width: width) + rows.lowerBound * width
    }
}
