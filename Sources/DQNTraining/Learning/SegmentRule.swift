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
    /// Further sums by the names that the metrics get after `train/`.
    var others: KeyValuePairs<String, Double> = [:]
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
    init(_ context: LearnerContext, _ method: any TrainingMethod, parameters: ParameterSlab) throws {
        configuration = context.configuration
        store = context.store
        self.parameters = parameters
        let length = configuration.segmentLength
        let (architecture, backend) = (context.architecture, context.backend)
        acting = try backend.makeComputation(of: architecture, batchSize: 1, training: false)
        target = method.usesTarget ? context.store.sole?.target ?? ParameterSlab(layout: store.layout) : nil
        following =
            method.usesTarget
            ? try backend.makeComputation(of: architecture, batchSize: length, training: false) : nil
        selecting =
            method.usesTarget && configuration.doubleDQN
            ? try backend.makeComputation(of: architecture, batchSize: length, training: false) : nil
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
        let width = acting.architecture.actionCount
        let followed = try targetOutputs(after: segment)
        var choices = followed
        if let selecting {
            segment.loadNext(into: selecting)
            try selecting.use(parameters)
            choices = try selecting.forward()
        }
        for index in 0..<segment.count {
            let row = index * width
            values[index] =
                followed[row + UnsafeBufferPointer(rebasing: choices[row..<(row + width)]).indexOfMaximum]
        }
    }

    /// Q(s′, ·; θ⁻) of the observation after each step, in rows.
    func targetOutputs(after segment: Segment) throws -> UnsafeBufferPointer<Float> {
        guard let following, let target else { preconditionFailure("a rule without a target network asked for one") }
        let version = try store.pullTarget(into: target, ifNewerThan: targetVersion)
        if version != targetVersion {
            try following.use(target)
            targetVersion = version
        }
        segment.loadNext(into: following)
        return try following.forward()
    }
}
