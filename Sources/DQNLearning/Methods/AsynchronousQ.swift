internal import DQNNetwork

/// Asynchronous one-step Q-learning (Mnih 2016, algorithm 1): `--method async-q`.
///
/// Algorithm, each worker: act ε-greedily; y = r, or r + γ max Q(s′, ·; θ⁻) where the episode goes on; accumulate the
/// gradient of (y − Q(s, a; θ))²; every `segment_length` own steps (the paper's I_AsyncUpdate), or at an episode's end,
/// apply it and clear. θ⁻ ← θ every `target_interval` agent steps of all workers together (I_target).
///
/// Defaults: `segment_length` 5, RMSProp with shared statistics, gradient norm 40, an own final ε for each worker.
///
/// Deviations from the paper: θ is copied once for each segment and all its gradients are taken there, where the paper
/// reads θ at each step (it moves under both); the loss is the configured one, Huber bounding each step's gradient; a
/// truncated episode is bootstrapped from its true last observation; with `double`, θ′ chooses the action that θ⁻ values.
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
        try networks.greedyValues(after: segment, into: segment.targets)
        for index in 0..<segment.count {
            let isOver = index == segment.count - 1 && segment.terminated
            segment.targets[index] = segment.rewards[index] + (isOver ? 0 : discount * segment.targets[index])
        }
        return networks.loss(of: segment, outputs: outputs, gradient: gradient)
    }
}
