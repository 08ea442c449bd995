package import DQNModel
internal import DQNNetwork

extension Agent {
    /// Draws an action from the probabilities of an actor-critic network, whose logits are its action values.
    ///
    /// - Parameter mask: whether each action is allowed, at least one of them; `nil` allows all.
    /// - Throws: the errors of `actionValues(for:)`.
    /// - Precondition: the network has probabilities; see ``requireProbabilities(for:)``.
    package func sampledAction(
        for observation: Observation, allowing mask: [Bool]?, using generator: inout RandomGenerator
    ) throws(ModelError) -> Int {
        let uniform = generator.uniform()
        let logits = try actionValues(for: observation)
        return logits.withUnsafeBufferPointer { SoftmaxPolicy.sample($0, allowing: mask, uniform: uniform) }
    }

    /// Checks that the network has probabilities, as an actor-critic network has.
    ///
    /// - Parameter option: what needs them, such as `--sample`.
    /// - Throws: `ModelError` (`invalidArchitecture`).
    package func requireProbabilities(for option: String) throws(ModelError) {
        if case .actorCritic = architecture.head { return }
        throw ModelError(
            code: .invalidArchitecture,
            message:
                "\(option) needs an actor-critic network, such as one of the method a3c; this one has action values, "
                + "not probabilities: omit \(option), or explore with --epsilon.")
    }
}
