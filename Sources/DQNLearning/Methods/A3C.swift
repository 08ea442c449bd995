internal import DQNModel
internal import DQNNetwork

/// Asynchronous advantage actor-critic (Mnih 2016, algorithm S3): `--method a3c`.
///
/// Algorithm, each worker: θ′ ← θ; act by the policy π(·|s; θ′) for up to `segment_length` steps (t_max) or to the
/// episode's end; R = 0, or V(s; θ′) of the last observation; backwards over the steps R ← r + γ R, accumulate the
/// gradient of −log π(a|s)·(R − V(s)) − β H(π(·|s)), the advantage held constant, and of c (R − V(s))²; apply the sum.
///
/// Policy and value share all layers but the last. Defaults: `segment_length` 5, β `entropy_coefficient` 0.01, c
/// `value_coefficient` 0.5, RMSProp with shared statistics, gradient norm 40.
///
/// Deviations from the paper: one gradient and one optimiser for both heads, with c to weigh them (the paper writes two
/// updates and shares layers in its experiments); a truncated episode is bootstrapped from its true last observation.
struct A3C: TrainingMethod, SegmentRule {
    let name = "a3c"
    let summary = "asynchronous advantage actor-critic (Mnih 2016)"
    let allowsSeveralWorkers = true
    let usesTarget = false
    let usesReplay = false
    let isActorCritic = true
    let choosesAhead = false
    let bootstrapsEveryStep = false

    func makeLearner(_ context: LearnerContext) throws -> any Learner {
        try SegmentLearner(context, self, rule: self)
    }

    func chooseAction(
        epsilon: Double, actions: Int, using generator: inout RandomGenerator,
        outputs: () throws -> UnsafeBufferPointer<Float>
    ) throws -> Int {
        let logits = UnsafeBufferPointer(rebasing: try outputs()[..<actions])
        return SoftmaxPolicy.sample(logits, uniform: generator.uniform())
    }

    func evaluate(
        _ segment: Segment, _ networks: SegmentNetworks, outputs: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) throws -> SegmentLoss {
        var value: Float = 0
        if !segment.terminated {
            let last = try networks.outputs(segment.observation(segment.count))
            value = last[last.count - 1]
        }
        segment.writeReturns(bootstrap: value, discount: Float(networks.configuration.discount))
        let loss = ActorCriticLoss(
            entropyCoefficient: networks.configuration.entropyCoefficient,
            valueCoefficient: networks.configuration.valueCoefficient)
        let sums = loss.evaluate(
            outputs: outputs, actions: UnsafeBufferPointer(segment.actions),
            returns: UnsafeBufferPointer(segment.targets), gradient: gradient, count: segment.count)
        return SegmentLoss(
            loss: sums.policy - loss.entropyCoefficient * sums.entropy + loss.valueCoefficient * sums.value,
            parts: sums)
    }
}

extension TrainingStatistics {
    /// Adds what an actor-critic's loss is made of, under the names that the metrics get after `train/`.
    mutating func add(_ parts: ActorCriticLoss.Sums) {
        add(parts.policy, to: "policy_loss")
        add(parts.value, to: "value_loss")
        add(parts.entropy, to: "entropy")
    }
}
