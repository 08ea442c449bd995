/// One mini-batch, without the networks' inputs, in buffers that are allocated once.
final class ReplayBatch {
    let count: Int
    let transitions: UnsafeMutableBufferPointer<SampledTransition>
    /// The environment that each row comes from.
    let streams: UnsafeMutableBufferPointer<Int>
    let actions: UnsafeMutableBufferPointer<Int32>
    /// The learning target y of each row.
    let targets: UnsafeMutableBufferPointer<Float>
    /// The importance weight of each row, from a prioritized replay.
    let weights: UnsafeMutableBufferPointer<Float>
    /// The absolute temporal-difference error |δ| of each row, from the loss.
    let errors: UnsafeMutableBufferPointer<Float>

    init(count: Int) {
        self.count = count
        transitions = .allocate(capacity: count)
        transitions.initialize(repeating: .blank)
        streams = .allocate(capacity: count)
        streams.initialize(repeating: 0)
        actions = .allocate(capacity: count)
        actions.initialize(repeating: 0)
        func floats() -> UnsafeMutableBufferPointer<Float> {
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            buffer.initialize(repeating: 0)
            return buffer
        }
        targets = floats()
        weights = floats()
        errors = floats()
    }

    deinit {
        transitions.deallocate()
        streams.deallocate()
        actions.deallocate()
        for buffer in [targets, weights, errors] { buffer.deallocate() }
    }
}
