internal import DQNModel
internal import DQNNetwork

/// Asynchronous advantage actor-critic (Mnih 2016, algorithm S3): `--method a3c`.
///
/// Algorithm of each worker:
/// 1. Copy the parameters: θ′ ← θ.
/// 2. Sample actions from the policy π(·|s; θ′) for up to `segment_length` steps (t_max) or until the episode ends.
/// 3. Set R to 0 if the episode terminated, otherwise to V(s; θ′) of the last observation. For each step, from the last
///    to the first, set R ← r + γ R and accumulate the gradient of −log π(a|s)·(R − V(s)) − β H(π(·|s)), with the
///    advantage R − V(s) held constant, and of c (R − V(s))².
/// 4. Apply the accumulated gradient to θ.
///
/// The loss of step 3 is ``DQNNetwork/ActorCriticLoss`` (`Sources/DQNNetwork/ActorCriticLoss.swift`). Policy and value
/// share all layers except the last.
///
/// Defaults: `segment_length` 20 (5 for frames, as in the paper), `entropy_coefficient` (β) 0.01, and 0.1 for Acrobot,
/// `value_coefficient` (c) 0.25, RMSProp with statistics that all workers share, gradient norm clipped to 40. The preset
/// `atari` has others (docs/atari.md).
///
/// Deviations from the paper:
/// - One gradient and one optimiser train both heads, weighted by c. The paper writes two updates, although its
///   experiments share layers.
/// - A truncated episode is bootstrapped from its actual last observation.
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
        epsilon: Double, actions: Int, allowing mask: [Bool]?, using generator: inout RandomGenerator,
        outputs: () throws -> UnsafeBufferPointer<Float>
    ) throws -> Int {
        let logits = UnsafeBufferPointer(rebasing: try outputs()[..<actions])
        return SoftmaxPolicy.sample(logits, uniform: generator.uniform())
    }

    func evaluate(
        _ segment: Segment, _ networks: SegmentNetworks, outputs: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) throws -> SegmentLoss {
        try networks.writeStateValues(after: segment)
        segment.writeReturns(discount: Float(networks.configuration.discount))
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
    /// Adds the parts of an actor-critic's loss, which become the metrics `train/policy_loss` and so on.
    mutating func add(_ parts: ActorCriticLoss.Sums) {
        add(parts.policy, to: "policy_loss")
        add(parts.value, to: "value_loss")
        add(parts.entropy, to: "entropy")
    }
}
