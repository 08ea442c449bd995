/// Deep Q-learning by many workers, each with its own environment and replay (Nair 2015, "Gorila"): `--method async-dqn`.
///
/// Algorithm, each worker: copy the newest parameters, θ′ ← θ; act ε-greedily on Q(·; θ′); store the transition in the
/// worker's own replay; draw a mini-batch from it; compute the gradient at θ′; apply it to θ; copy again after
/// `refresh_interval` updates. θ⁻ ← θ every `target_interval` agent steps of all workers together.
///
/// Defaults: as `dqn`; `replay_capacity` is that of each worker; `refresh_interval` 1.
///
/// Deviations from the paper: one process, so that parameters are one vector in memory, updated without locks, where the
/// paper has sharded servers and messages; the optimiser is the configured one with statistics that all workers share,
/// where the paper has AdaGrad; gradients that are too old are applied all the same (their age is the metric
/// `train/staleness`), where the paper drops them and those of outlying loss.
struct AsynchronousDQN: TrainingMethod {
    let name = "async-dqn"
    let summary = "deep Q-learning, a replay for each worker (Gorila)"
    let allowsSeveralWorkers = true
    let usesTarget = true
    let usesReplay = true
    let isActorCritic = false

    func makeLearner(_ context: LearnerContext) throws -> any Learner { try ReplayLearner(context) }
}
