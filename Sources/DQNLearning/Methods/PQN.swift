internal import DQNModel
internal import DQNNetwork

/// Parallelised Q-learning (Gallici 2024, "Simplifying Deep Temporal Difference Learning", algorithm 1): `--method pqn`.
///
/// Algorithm of each worker:
/// 1. Act ε-greedily on Q(·; θ) for `segment_length` steps (T) in each of its `environments_per_worker` environments (N).
/// 2. Compute the λ-return of each step, from the last to the first: R ← r + γ (λ R′ + (1 − λ) max Q(s′, ·; θ)), where R′
///    is the next step's return; r + γ max Q(s′, ·; θ) for the last step; r if the episode terminated.
/// 3. For `epochs` times (E), shuffle the N · T steps, divide them into `minibatches` (M), and for each of these take an
///    optimiser step on the mean of (R − Q(s, a; θ))².
/// 4. Repeat from step 1, with new steps only.
///
/// There is no replay and no target network: layer normalisation stabilises the network instead (`network` with `+norm`).
///
/// Defaults: `environments_per_worker` 8, `return_lambda` (λ) 0.65, gradient norm clipped to 10, a learning rate that falls
/// linearly to 0; the environment's preset sets the rest.
///
/// Deviations from the paper:
/// - The optimiser is Adam; the paper uses RAdam.
/// - A truncated episode is bootstrapped from its actual last observation; the paper's code treats a time limit like a
///   terminal state.
/// - Several workers may train the same parameters without locks, each on its own environments.
struct PQN: TrainingMethod {
    let name = "pqn"
    let summary = "parallelised Q-learning: no replay, no target network (Gallici 2024)"
    let allowsSeveralWorkers = true
    let usesTarget = false
    let usesReplay = false
    let isActorCritic = false

    func validate(_ configuration: TrainingConfiguration) throws(TrainingError) {
        try requireNoOptions(configuration)
        guard !configuration.doubleDQN, !configuration.munchausen else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method 'pqn' has no target network, which double and munchausen require; leave them out.")
        }
        let steps = configuration.segmentLength * configuration.environmentsPerWorker
        guard steps % configuration.minibatches == 0 else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "minibatches \(configuration.minibatches) does not divide the \(steps) steps of "
                    + "segment_length \(configuration.segmentLength) × environments_per_worker "
                    + "\(configuration.environmentsPerWorker); choose a divisor.")
        }
    }

    func makeLearner(_ context: LearnerContext) throws -> any Learner { try RolloutLearner(context) }
}
