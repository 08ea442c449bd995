internal import DQNModel

/// Deep Q-learning with a replay and a target network (Mnih 2013; Mnih 2015, algorithm 1): `--method dqn`.
///
/// Algorithm: act ε-greedily; store the transition; at each training draw a mini-batch from the replay and step the
/// optimiser on the loss of Q(s, a; θ) against y = r + γ (1 − terminated) max Q(s′, ·; θ⁻); refresh θ⁻ at an interval.
///
/// Defaults: Adam, the Huber loss's **mean** over the batch, a target refresh every 500 agent steps; see the presets.
///
/// Deviations from the paper: Adam where the paper has centred RMSProp (`optimizer=rmsprop` gives it); the mean, not the
/// sum; the target is refreshed every so many agent steps, not updates; a truncated episode is bootstrapped from its true
/// last observation, where the paper knows no time limits.
///
/// One worker: it computes on the parameters themselves, and equal configurations give equal bits.
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
                message:
                    "The method 'dqn' computes on the parameters themselves, so that refresh_interval means nothing; "
                    + "leave it out, or use --method async-dqn.")
        }
    }

    func makeLearner(_ context: LearnerContext) throws -> any Learner { try ReplayLearner(context) }
}
