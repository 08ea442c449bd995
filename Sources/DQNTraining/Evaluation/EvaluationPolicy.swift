internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

/// How an evaluation chooses actions from the outputs of a network: the best one, or for `evaluation_sampling` one drawn
/// from the policy's probabilities.
struct EvaluationPolicy {
    private let architecture: NetworkArchitecture
    private let actionCount: Int
    /// The source of drawn actions, apart from the one of random actions and seeds; `nil` for a greedy policy.
    private var draws: RandomGenerator?

    /// Creates a policy.
    ///
    /// - Parameter stream: the name of the random stream of the evaluation or episode.
    init(_ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture, stream: String) {
        self.architecture = architecture
        actionCount = architecture.actionCount
        draws =
            configuration.evaluationSampling
            ? RandomGenerator(seed: UInt64(configuration.seed), stream: "\(stream)/sample") : nil
    }

    /// Returns the action for a network's outputs, among the allowed ones.
    mutating func action(_ outputs: UnsafeBufferPointer<Float>, allowing mask: [Bool]?) -> Int {
        guard let uniform = draws?.uniform() else { return architecture.greedyAction(of: outputs, allowing: mask) }
        // An actor-critic network appends the state's value to the logits of its policy.
        return SoftmaxPolicy.sample(
            UnsafeBufferPointer(rebasing: outputs[..<actionCount]), allowing: mask, uniform: uniform)
    }
}
