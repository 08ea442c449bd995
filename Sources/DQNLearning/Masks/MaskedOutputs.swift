internal import DQNModel
internal import DQNNetwork

/// Applies action masks to the outputs of networks.
enum MaskedOutputs {
    /// The value of an action that is not allowed: no maximum takes it, and a softmax gives it the probability 0. Sums of
    /// many, such as the mean of an action's quantiles, are still finite.
    private static let disallowed: Float = -1e30

    /// Replaces the outputs of the actions that are not allowed, in the memory of the computation: nothing reads the
    /// original ones, neither later code nor the backward pass.
    ///
    /// - Parameters:
    ///   - mask: A byte per action, 0 if it is not allowed; `nil` allows all.
    ///   - outputs: Rows of action values, of quantiles by action, or of logits and a state value.
    ///   - row: The row that the mask is for.
    ///   - architecture: The network, which an observation without a mask does not need.
    static func apply(
        bytes mask: UnsafeRawBufferPointer?, to outputs: UnsafeBufferPointer<Float>, row: Int,
        of architecture: @autoclosure () -> NetworkArchitecture
    ) {
        guard let mask else { return }
        let architecture = architecture()
        let (actions, width) = (architecture.actionCount, architecture.outputCount)
        precondition(mask.count == actions, "a mask has one entry per action")
        // An actor-critic has one more output, its state value, which stays.
        let each = width / actions
        let values = UnsafeMutableBufferPointer(mutating: outputs)
        for action in 0..<actions where mask[action] == 0 {
            let start = row * width + action * each
            for index in start..<(start + each) { values[index] = disallowed }
        }
    }

    /// Replaces outputs as ``apply(bytes:to:row:of:)`` does.
    static func apply(
        _ mask: [Bool]?, to outputs: UnsafeBufferPointer<Float>, row: Int,
        of architecture: @autoclosure () -> NetworkArchitecture
    ) {
        // A `Bool` is a byte, 0 or 1.
        mask?.withUnsafeBytes { apply(bytes: $0, to: outputs, row: row, of: architecture()) }
    }
}
