internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork

/// The learner of the methods without a replay (Mnih 2016): copies θ′ ← θ, acts for a few steps, computes the summed
/// gradient of these steps at θ′, applies it to θ without a lock, and begins again.
///
/// What is learnt from a segment is its ``SegmentRule``'s.
final class SegmentLearner: Learner {
    private static let stateVersion = 1

    private let configuration: TrainingConfiguration
    private let rule: any SegmentRule
    private let store: any ParameterStore
    private let networks: SegmentNetworks
    private let learning: any NetworkComputation
    private let segment: Segment
    private var exploration: Exploration?
    var statistics = TrainingStatistics()

    /// θ′: the shared slab itself for a run's only worker.
    private let parameters: ParameterSlab
    /// For saves: the chief keeps the last while it takes the next.
    private let parameterCopies: SlabCopies
    private let gradients: ParameterSlab
    private let ownStatistics: Optimizer?
    private let copies: Bool
    private var pulledAt = 0

    init(_ context: LearnerContext, _ method: any TrainingMethod, rule: any SegmentRule) throws {
        let configuration = context.configuration
        self.configuration = configuration
        self.rule = rule
        store = context.store
        let restored = try context.restored(version: Self.stateVersion)
        exploration = method.isActorCritic ? nil : Exploration(context)
        segment = Segment(
            capacity: configuration.segmentLength, bytesPerObservation: context.architecture.input.byteCount)
        copies = store.sole == nil
        parameters = store.sole?.online ?? ParameterSlab(layout: store.layout)
        parameterCopies = SlabCopies(of: parameters, keeping: 2)
        gradients = ParameterSlab(layout: store.layout)
        ownStatistics = try OwnStatistics.make(configuration, layout: store.layout, restored)
        networks = try SegmentNetworks(context, method, rule: rule, parameters: parameters)
        learning = try context.backend.makeComputation(
            of: context.architecture, batchSize: configuration.segmentLength, training: true)
        if let restored {
            let actions = context.architecture.actionCount
            try segment.restore(restored, actionCount: actions)
            if restored.values["next_action"] != nil {
                let action = Int(try restored.int64("next_action", count: 1)[0])
                guard (0..<actions).contains(action) else {
                    throw ModelError(
                        code: .invalidSnapshot,
                        message: "The stored next action is \(action), beyond the \(actions) that there are.")
                }
                networks.nextAction = action
            }
        }
        if let restored, copies, segment.count > 0, restored.values["parameters"] != nil,
            context.state?.status != .resting
        {
            _ = try parameters.elements.update(
                fromContentsOf: restored.float32("parameters", count: store.layout.count))
            pulledAt = Int(try restored.int64("pulled_at", count: 1)[0])
        } else {
            pulledAt = try store.pull(into: parameters)
        }
        try networks.parametersChanged()
    }

    func begin(_ observation: NewObservation) {}

    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        exploration?.resampleIfDue(at: step, using: &generator)
        segment.see(observation)
        if let action = networks.nextAction {
            networks.nextAction = nil
            return action
        }
        return try choose(segment.count, at: step, using: &generator)
    }

    /// Chooses the action for an observation of the segment.
    private func choose(_ index: Int, at step: StepCount, using generator: inout RandomGenerator) throws -> Int {
        try rule.chooseAction(
            epsilon: exploration?.rate(at: step) ?? 0, actions: learning.architecture.actionCount, using: &generator
        ) { try networks.outputs(segment.observation(index)) }
    }

    func observe(_ transition: Transition) { segment.add(transition) }

    func explorationRate(at step: StepCount) -> Double? { exploration?.rate(at: step) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        if rule.choosesAhead, !segment.terminated {
            networks.nextAction = try choose(segment.count, at: step, using: &generator)
        }
        guard segment.isComplete else { return }
        segment.load(into: learning)
        try learning.use(parameters)
        let outputs = try learning.forward()
        let result = try rule.evaluate(segment, networks, outputs: outputs, gradient: learning.outputGradient)
        try learning.backward(into: gradients)
        let clipped = try ClippedGradient(gradients, loss: result.loss, configuration, store)
        let before = try store.push(
            gradients, learningRate: configuration.learningRate(at: step.total), scale: clipped.scale,
            statistics: ownStatistics, pullingInto: copies ? parameters : nil)
        statistics.add(
            loss: result.loss, gradientNorm: clipped.norm, staleness: copies ? before - pulledAt : nil)
        if let parts = result.parts { statistics.add(parts) }
        // An action chosen for the observation at a time limit was for its value only: the episode is over.
        if segment.truncated { networks.nextAction = nil }
        segment.clear()
        pulledAt = before + 1
        try networks.parametersChanged()
    }

    func save(into state: inout WorkerState) throws {
        exploration?.save(into: &state)
        var values: [String: StateSnapshot.Value] = [:]
        segment.save(into: &values)
        if let action = networks.nextAction { values["next_action"] = .int64([Int64(action)]) }
        if copies, segment.count > 0 {
            values["parameters"] = .float32(parameterCopies.next())
            values["pulled_at"] = .int64([Int64(pulledAt)])
        }
        if let ownStatistics { OwnStatistics.save(ownStatistics, into: &values) }
        if !values.isEmpty {
            state.learner = StateSnapshot(kind: configuration.method, version: Self.stateVersion, values: values)
        }
    }

    func abandonEpisode() {
        segment.clear()
        networks.nextAction = nil
    }
}
