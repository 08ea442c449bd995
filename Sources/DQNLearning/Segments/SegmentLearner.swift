internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork

/// The learner of the methods without a replay (Mnih 2016): copies θ′ ← θ, acts for a few steps, computes the summed
/// gradient of these steps at θ′, applies it to θ without a lock, and starts over.
///
/// The ``SegmentRule`` decides what is learned from a segment.
final class SegmentLearner: Learner {
    private static let stateVersion = 1

    private let configuration: TrainingConfiguration
    private let rule: any SegmentRule
    private let store: any ParameterStore
    private let networks: SegmentNetworks
    /// θ′ for the observations of a segment, with gradients.
    private let onlineNetwork: any NetworkComputation
    private let segment: Segment
    /// `nil` for an actor-critic, which samples its actions.
    private var exploration: Exploration?
    var statistics = TrainingStatistics()

    /// θ′: the shared slab itself for a run's only worker.
    private let parameters: ParameterSlab
    /// Copies of θ′ for checkpoints.
    private let parameterCopies: SlabCopies
    private let gradients: ParameterSlab
    /// The worker's own optimiser; `nil` if all workers share one.
    private let workerOptimizer: Optimizer?
    /// Whether θ′ is a copy.
    private let usesCopy: Bool
    /// The store's update count at the last copy.
    private var updateCountAtPull = 0

    init(_ context: LearnerContext, _ method: any TrainingMethod, rule: any SegmentRule) throws {
        let configuration = context.configuration
        self.configuration = configuration
        self.rule = rule
        store = context.store
        let restored = try context.restored(version: Self.stateVersion)
        exploration = method.isActorCritic ? nil : Exploration(context)
        segment = Segment(
            capacity: configuration.segmentLength, bytesPerObservation: context.architecture.input.byteCount)
        usesCopy = store.inPlace == nil
        parameters = store.inPlace?.online ?? ParameterSlab(layout: store.layout)
        // The saver holds the last copy while the next one is made.
        parameterCopies = SlabCopies(of: parameters, keeping: 2)
        gradients = ParameterSlab(layout: store.layout)
        workerOptimizer = try WorkerOptimizer.make(configuration, layout: store.layout, restoring: restored)
        networks = try SegmentNetworks(context, method, rule: rule, parameters: parameters)
        onlineNetwork = try context.backend.makeComputation(
            of: context.architecture, batchSize: configuration.segmentLength, training: true)
        if let restored {
            let actions = context.architecture.actionCount
            try segment.restore(restored, actionCount: actions)
            networks.nextAction = try Self.nextAction(restored, actionCount: actions)
        }
        if let restored, usesCopy, segment.count > 0, restored.values["parameters"] != nil,
            context.state?.status != .resting
        {
            _ = try parameters.elements.update(
                fromContentsOf: restored.float32("parameters", count: store.layout.count))
            updateCountAtPull = Int(try restored.int64("pulled_at", count: 1)[0])
        } else {
            updateCountAtPull = try store.pull(into: parameters)
        }
        try networks.reloadParameters()
    }

    private static func nextAction(_ snapshot: StateSnapshot, actionCount: Int) throws(ModelError) -> Int? {
        guard snapshot.values["next_action"] != nil else { return nil }
        let action = Int(try snapshot.int64("next_action", count: 1)[0])
        guard (0..<actionCount).contains(action) else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "The stored next action is \(action), but the actions are 0…\(actionCount - 1).")
        }
        return action
    }

    func beginEpisode(_ observation: StackedObservation) {}

    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        exploration?.resampleIfDue(at: step, using: &generator)
        segment.setObservation(observation)
        if let action = networks.nextAction {
            networks.nextAction = nil
            return action
        }
        return try chooseAction(after: segment.count, at: step, using: &generator)
    }

    /// Chooses the action for the observation after the given number of steps of the segment.
    private func chooseAction(
        after index: Int, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        try rule.chooseAction(
            epsilon: exploration?.epsilon(at: step) ?? 0, actions: onlineNetwork.architecture.actionCount,
            using: &generator
        ) { try networks.outputs(segment.observation(index)) }
    }

    func observe(_ transition: Transition) { segment.add(transition) }

    func explorationRate(at step: StepCount) -> Double? { exploration?.epsilon(at: step) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        if rule.choosesAhead, !segment.terminated {
            networks.nextAction = try chooseAction(after: segment.count, at: step, using: &generator)
        }
        guard segment.isComplete else { return }
        segment.load(into: onlineNetwork)
        try onlineNetwork.use(parameters)
        let outputs = try onlineNetwork.forward()
        let result = try rule.evaluate(segment, networks, outputs: outputs, gradient: onlineNetwork.outputGradient)
        try onlineNetwork.backward(into: gradients)
        let clipped = try store.clip(
            gradients, loss: result.loss, maximumNorm: configuration.maximumGradientNorm)
        let before = try store.push(
            gradients, learningRate: configuration.learningRate(at: step.total), scale: clipped.scale,
            optimizer: workerOptimizer, pullingInto: usesCopy ? parameters : nil)
        statistics.add(
            loss: result.loss, gradientNorm: clipped.norm, staleness: usesCopy ? before - updateCountAtPull : nil)
        if let parts = result.parts { statistics.add(parts) }
        // At a time limit, the action was chosen for its value only: the episode has ended.
        if segment.truncated { networks.nextAction = nil }
        segment.clear()
        updateCountAtPull = before + 1
        try networks.reloadParameters()
    }

    func save(into state: inout WorkerState) throws {
        exploration?.save(into: &state)
        var values: [String: StateSnapshot.Value] = [:]
        segment.save(into: &values)
        if let action = networks.nextAction { values["next_action"] = .int64([Int64(action)]) }
        if usesCopy, segment.count > 0 {
            values["parameters"] = .float32(parameterCopies.next())
            values["pulled_at"] = .int64([Int64(updateCountAtPull)])
        }
        if let workerOptimizer { WorkerOptimizer.save(workerOptimizer, into: &values) }
        if !values.isEmpty {
            state.learner = StateSnapshot(kind: configuration.method, version: Self.stateVersion, values: values)
        }
    }

    func abandonEpisode() {
        segment.clear()
        networks.nextAction = nil
    }
}
