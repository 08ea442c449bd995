internal import DQNModel
internal import DQNNetwork

/// What makes one of the asynchronous methods of Mnih 2016 different from the others: how it acts, and what it learns
/// from a segment.
protocol SegmentRule {
    /// Chooses an action from the network's outputs for one observation.
    ///
    /// - Parameter outputs: computed when asked for: a random action needs none.
    func chooseAction(
        epsilon: Double, actions: Int, using generator: inout RandomGenerator,
        outputs: () throws -> UnsafeBufferPointer<Float>
    ) throws -> Int

    /// Whether the next action is chosen before learning, since the target of the last step needs it.
    var choosesAhead: Bool { get }

    /// Whether targets take the target network's values after every step, rather than after the last alone.
    var bootstrapsEveryStep: Bool { get }

    /// Computes the loss of a segment's steps, **summed** over them, and its gradient with respect to the outputs.
    ///
    /// - Parameters:
    ///   - outputs: of θ′ for the observation before each step.
    ///   - gradient: as long as `outputs`; rows beyond the segment's steps must become zero.
    func evaluate(
        _ segment: Segment, _ networks: SegmentNetworks, outputs: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) throws -> SegmentLoss
}

/// What a segment's evaluation gives besides the gradient.
struct SegmentLoss {
    /// Summed over the steps.
    var loss: Double
    /// What it is made of, where that is a policy and a value.
    var parts: ActorCriticLoss.Sums?
}

/// ε-greedy: what the value-based rules share.
protocol ValueBasedRule: SegmentRule {}

extension ValueBasedRule {
    func chooseAction(
        epsilon: Double, actions: Int, using generator: inout RandomGenerator,
        outputs: () throws -> UnsafeBufferPointer<Float>
    ) throws -> Int {
        if epsilon > 0, generator.uniform() < epsilon { return generator.integer(below: actions) }
        return try outputs().indexOfMaximum
    }
}

/// What a rule may ask of the networks when it computes targets.
///
/// Not thread-safe: a worker's own.
final class SegmentNetworks {
    let configuration: TrainingConfiguration
    /// The action already chosen for the observation after the last step; a rule that chooses ahead has one.
    var nextAction: Int?
    private let acting: any NetworkComputation
    private let following: (any NetworkComputation)?
    private let selecting: (any NetworkComputation)?
    private let store: any ParameterStore
    private let parameters: ParameterSlab
    private let target: ParameterSlab?
    private var targetVersion: Int?

    /// `parameters` are θ′.
    init(
        _ context: LearnerContext, _ method: any TrainingMethod, rule: any SegmentRule, parameters: ParameterSlab
    ) throws {
        configuration = context.configuration
        store = context.store
        self.parameters = parameters
        let rows = rule.bootstrapsEveryStep ? configuration.segmentLength : 1
        let (architecture, backend) = (context.architecture, context.backend)
        acting = try backend.makeComputation(of: architecture, batchSize: 1, training: false)
        target = method.usesTarget ? context.store.sole?.target ?? ParameterSlab(layout: store.layout) : nil
        following =
            method.usesTarget
            ? try backend.makeComputation(of: architecture, batchSize: rows, training: false) : nil
        selecting =
            method.usesTarget && configuration.doubleDQN
            ? try backend.makeComputation(of: architecture, batchSize: rows, training: false) : nil
    }

    /// The outputs of θ′ for one observation; valid until the next call.
    func outputs(_ observation: UnsafeRawBufferPointer) throws -> UnsafeBufferPointer<Float> {
        acting.load(observation, row: 0, offset: 0)
        return try acting.forward()
    }

    /// Takes θ′ as it is now for acting.
    func parametersChanged() throws { try acting.use(parameters) }

    /// What the observation after each step is worth to a greedy player: Q(s′, a*; θ⁻), where a* is the target network's
    /// best action or, with Double, θ′'s; writes one value a step.
    func greedyValues(after segment: Segment, into values: UnsafeMutableBufferPointer<Float>) throws {
        try writeGreedyValues(of: segment, steps: 0..<segment.count, into: values)
    }

    /// What the observation after the last step is worth to a greedy player.
    func greedyValue(afterLastOf segment: Segment) throws -> Float {
        var value: Float = 0
        try withUnsafeMutablePointer(to: &value) {
            try writeGreedyValues(
                of: segment, steps: (segment.count - 1)..<segment.count,
                into: UnsafeMutableBufferPointer(start: $0, count: 1))
        }
        return value
    }

    private func writeGreedyValues(
        of segment: Segment, steps: Range<Int>, into values: UnsafeMutableBufferPointer<Float>
    ) throws {
        let width = acting.architecture.actionCount
        let followed = try targetOutputs(after: segment, steps: steps)
        var choices = followed
        if let selecting {
            segment.loadNext(steps, into: selecting)
            try selecting.use(parameters)
            choices = try selecting.forward()
        }
        for index in steps.indices {
            let row = (index - steps.lowerBound) * width
            values[index - steps.lowerBound] =
                followed[row + UnsafeBufferPointer(rebasing: choices[row..<(row + width)]).indexOfMaximum]
        }
    }

    /// Q(s′, ·; θ⁻) of the observation after each step, in rows.
    func targetOutputs(after segment: Segment) throws -> UnsafeBufferPointer<Float> {
        try targetOutputs(after: segment, steps: 0..<segment.count)
    }

    private func targetOutputs(after segment: Segment, steps: Range<Int>) throws -> UnsafeBufferPointer<Float> {
        guard let following, let target else { preconditionFailure("a rule without a target network asked for one") }
        let version = try store.pullTarget(into: target, ifNewerThan: targetVersion)
        if version != targetVersion {
            try following.use(target)
            targetVersion = version
        }
        segment.loadNext(steps, into: following)
        return try following.forward()
    }
}
