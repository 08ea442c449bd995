/// The float buffers of one computation, allocated with it and freed with it.
final class ComputeMemory {
    private var buffers: [UnsafeMutablePointer<Float>] = []

    /// Allocates zeros, aligned to a cache line and padded so that whole vectors may be read beyond the end.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: (count + 16) * 4, alignment: 64)
        let floats = memory.bindMemory(to: Float.self, capacity: count + 16)
        floats.initialize(repeating: 0, count: count + 16)
        buffers.append(floats)
        return floats
    }

    deinit { for buffer in buffers { UnsafeMutableRawPointer(buffer).deallocate() } }
}
