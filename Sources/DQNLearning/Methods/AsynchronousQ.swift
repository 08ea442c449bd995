internal import DQNNetwork

/// Asynchronous one-step Q-learning (Mnih 2016, algorithm 1): `--method async-q`.
///
/// Algorithm of each worker:
/// 1. Act ε-greedily.
/// 2. Set the target y to r if the episode terminated, otherwise to r + γ max Q(s′, ·; θ⁻). Accumulate the gradient of
///    (y − Q(s, a; θ))².
/// 3. After every `segment_length` steps of this worker (the paper's I_AsyncUpdate), and when the episode ends, apply
///    the accumulated gradient and clear it.
///
/// The target is refreshed, θ⁻ ← θ, every `target_interval` agent steps of all workers together (I_target).
///
/// Defaults: `segment_length` 5, RMSProp with statistics that all workers share, gradient norm clipped to 40, final values
/// of ε dealt to the workers in turn (`epsilon_assignment`). The preset `atari` has others (docs/atari.md).
///
/// Deviations from the paper:
/// - θ is copied once per segment, and all gradients of the segment are computed on that copy; the paper reads θ at
///   each step. Other workers change θ in both cases.
/// - The loss is the configured one; Huber bounds the gradient of each step.
/// - A truncated episode is bootstrapped from its actual last observation.
/// - With `double`, θ′ selects the action whose value θ⁻ provides. With `munchausen`, the maximum is soft and each
///   reward contains the log-policy of θ⁻ (Vieillard 2020).
struct AsynchronousQ: TrainingMethod, ValueBasedRule {
    let name = "async-q"
    let summary = "asynchronous one-step Q-learning (Mnih 2016)"
    let allowsSeveralWorkers = true
    let usesTarget = true
    let usesReplay = false
    let isActorCritic = false
    let choosesAhead = false
    let bootstrapsEveryStep = true

    func makeLearner(_ context: LearnerContext) throws -> any Learner {
        try SegmentLearner(context, self, rule: self)
    }

    func evaluate(
        _ segment: Segment, _ networks: SegmentNetworks, outputs: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) throws -> SegmentLoss {
        let discount = Float(networks.configuration.discount)
        try networks.addBonuses(to: segment)
        try networks.writeEveryGreedyValue(after: segment)
        for row in 0..<segment.count {
            segment.targets[row] =
                segment.rewards[row] + (segment.isTerminated(row) ? 0 : discount * segment.targets[row])
        }
        return networks.loss(of: segment, outputs: outputs, gradient: gradient)
    }
}
