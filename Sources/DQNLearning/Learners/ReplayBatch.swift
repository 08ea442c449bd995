/// The rows of one mini-batch beside the networks' inputs, in buffers that are made once.
final class ReplayBatch {
    let count: Int
    let transitions: UnsafeMutableBufferPointer<SampledTransition>
    let actions: UnsafeMutableBufferPointer<Int32>
    /// What each row's action should be worth.
    let targets: UnsafeMutableBufferPointer<Float>
    /// Importance weights of a prioritized replay.
    let weights: UnsafeMutableBufferPointer<Float>
    /// |δ| of each row after the loss was computed.
    let errors: UnsafeMutableBufferPointer<Float>

    init(count: Int) {
        self.count = count
        transitions = .allocate(capacity: count)
        transitions.initialize(repeating: .blank)
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
        actions.deallocate()
        for buffer in [targets, weights, errors] { buffer.deallocate() }
    }
}
