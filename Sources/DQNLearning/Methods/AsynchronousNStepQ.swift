internal import DQNNetwork

/// Asynchronous n-step Q-learning (Mnih 2016, algorithm S2): `--method async-nstep-q`.
///
/// Algorithm, each worker: θ′ ← θ; act ε-greedily on Q(·; θ′) for up to `segment_length` steps (t_max) or to the
/// episode's end; R = 0, or max Q(s, ·; θ⁻) of the last observation; backwards over the steps R ← r + γ R, accumulate the
/// gradient of (R − Q(s, a; θ′))²; apply the sum. θ⁻ ← θ every `target_interval` agent steps of all workers together.
///
/// Defaults: `segment_length` 5, RMSProp with shared statistics, gradient norm 40, an own final ε for each worker.
///
/// Deviations from the paper: the loss is the configured one, Huber bounding each step's gradient; a truncated episode is
/// bootstrapped from its true last observation; with `double`, θ′ chooses the action that θ⁻ values.
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
        let value = segment.terminated ? 0 : try networks.greedyValue(afterLastOf: segment)
        segment.writeReturns(bootstrap: value, discount: Float(networks.configuration.discount))
        return networks.loss(of: segment, outputs: outputs, gradient: gradient)
    }
}
