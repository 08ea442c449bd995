/// Deep Q-learning by many workers, each with its own environment and replay (Nair 2015, "Gorila"): `--method
/// async-dqn`.
///
/// Algorithm of each worker:
/// 1. Copy the newest parameters: θ′ ← θ.
/// 2. Act ε-greedily on Q(·; θ′) and store the transition in the worker's own replay.
/// 3. Sample a mini-batch from that replay, compute the gradient at θ′ and apply it to θ.
/// 4. Repeat from step 2; copy the parameters again after every `refresh_interval` updates.
///
/// The target is refreshed, θ⁻ ← θ, every `target_interval` agent steps of all workers together.
///
/// Defaults: those of `dqn`; `replay_capacity` applies to each worker; `refresh_interval` 1.
///
/// Deviations from the paper:
/// - All workers run in one process. The parameters are one vector in memory, updated without locks; the paper has
///   sharded servers and messages.
/// - The optimiser is the configured one, with statistics that all workers share; the paper uses AdaGrad.
/// - Old gradients are applied (the metric `train/staleness` reports their age); the paper discards them, and those
///   with an outlying loss.
struct AsynchronousDQN: TrainingMethod {
    let name = "async-dqn"
    let summary = "deep Q-learning, a replay for each worker (Gorila)"
    let allowsSeveralWorkers = true
    let usesTarget = true
    let usesReplay = true
    let isActorCritic = false

    func makeLearner(_ context: LearnerContext) throws -> any Learner { try ReplayLearner(context) }
}
