internal import DQNModel

/// Deep Q-learning with a replay and a target network (Mnih 2013; Mnih 2015, algorithm 1): `--method dqn`.
///
/// Algorithm:
/// 1. Act ε-greedily and store the transition in the replay.
/// 2. Every `train_interval` agent steps, sample a mini-batch and take an optimiser step on the loss of Q(s, a; θ)
///    against the target y = r + γ (1 − terminated) max Q(s′, ·; θ⁻).
/// 3. Every `target_interval` agent steps, refresh the target: θ⁻ ← θ.
///
/// Defaults: Adam, the **mean** of the Huber loss over the batch, a target refresh every 500 agent steps; see the
/// presets.
///
/// Deviations from the paper:
/// - The optimiser is Adam; the paper uses centred RMSProp (`optimizer=rmsprop` selects it).
/// - The loss is the mean over the batch, not the sum.
/// - The target is refreshed after a number of agent steps, not of updates.
/// - A truncated episode is bootstrapped from its actual last observation; the paper has no time limits.
///
/// Options: `double`, `dueling`, `n_step`, `prioritized`, `munchausen` (``Munchausen``) and `quantiles`
/// (``QuantileRegression``).
///
/// There is one worker. It computes on the parameters themselves, and equal configurations give equal bits.
struct StandardDQN: TrainingMethod {
    let name = "dqn"
    let summary = "deep Q-learning with a replay; one worker"
    let allowsSeveralWorkers = false
    let usesTarget = true
    let usesReplay = true
    let isActorCritic = false

    func validate(_ configuration: TrainingConfiguration) throws(TrainingError) {
        try requireNoOptions(configuration)
        guard configuration.refreshInterval == 1 else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method 'dqn' computes on the parameters themselves, so refresh_interval does not apply; "
                    + "leave it out, or use --method async-dqn.")
        }
    }

    func makeLearner(_ context: LearnerContext) throws -> any Learner { try ReplayLearner(context) }
}
