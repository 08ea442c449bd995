internal import DQNNetwork

/// Asynchronous n-step Q-learning (Mnih 2016, algorithm S2): `--method async-nstep-q`.
///
/// Algorithm of each worker:
/// 1. Copy the parameters: θ′ ← θ.
/// 2. Act ε-greedily on Q(·; θ′) for up to `segment_length` steps (t_max) or until the episode ends.
/// 3. Set R to 0 if the episode terminated, otherwise to max Q(s, ·; θ⁻) of the last observation. For each step, from
///    the last to the first, set R ← r + γ R and accumulate the gradient of (R − Q(s, a; θ′))².
/// 4. Apply the accumulated gradient to θ.
///
/// The target is refreshed, θ⁻ ← θ, every `target_interval` agent steps of all workers together.
///
/// Defaults: `segment_length` 5, RMSProp with statistics that all workers share, gradient norm clipped to 40, final values
/// of ε dealt to the workers in turn (`epsilon_assignment`). The preset `atari` has others (docs/atari.md).
///
/// Deviations from the paper:
/// - The loss is the configured one; Huber bounds the gradient of each step.
/// - A truncated episode is bootstrapped from its actual last observation.
/// - With `double`, θ′ selects the action whose value θ⁻ provides. With `munchausen`, the maximum is soft and each
///   reward contains the log-policy of θ⁻ (Vieillard 2020).
struct AsynchronousNStepQ: TrainingMethod, ValueBasedRule {
    let name = "async-nstep-q"
    let summary = "asynchronous n-step Q-learning (Mnih 2016)"
    let allowsSeveralWorkers = true
    let usesTarget = true
    let usesReplay = false
    let isActorCritic = false
    let choosesAhead = false
    let bootstrapsEveryStep = false

    func makeLearner(_ context: LearnerContext) throws -> any Learner {
        try SegmentLearner(context, self, rule: self)
    }

    func evaluate(
        _ segment: Segment, _ networks: SegmentNetworks, outputs: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) throws -> SegmentLoss {
        try networks.addBonuses(to: segment)
        try networks.writeGreedyValues(after: segment)
        segment.writeReturns(discount: Float(networks.configuration.discount))
        return networks.loss(of: segment, outputs: outputs, gradient: gradient)
    }
}
