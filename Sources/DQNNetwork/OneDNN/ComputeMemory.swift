/// The float buffers of one computation, allocated while it is made and freed with it.
final class ComputeMemory {
    private var buffers: [UnsafeMutablePointer<Float>] = []

    /// Zeros on a cache line of their own, padded so that whole vectors may be read beyond the end.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: (count + 16) * 4, alignment: 64)
        let floats = memory.bindMemory(to: Float.self, capacity: count + 16)
        floats.initialize(repeating: 0, count: count + 16)
        buffers.append(floats)
        return floats
    }

    deinit { for buffer in buffers { UnsafeMutableRawPointer(buffer).deallocate() } }
}
