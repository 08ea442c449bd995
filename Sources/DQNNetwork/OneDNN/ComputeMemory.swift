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
