import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork

/// What one worker learns with; see ``ExpectedSARSA`` for the algorithm.
///
/// The state of its own is the trace: as many numbers as the network has parameters.
final class ExpectedSARSALearner: Learner {
    private static let stateVersion = 1

    var statistics = TrainingStatistics()
    private let configuration: TrainingConfiguration
    private let lambda: Float
    private let store: any ParameterStore
    private var exploration: Exploration
    /// The optimiser's averages of this worker alone, where they are not shared.
    private let ownStatistics: Optimizer?

    /// θ′: the shared parameters themselves for a run's only worker, a copy for one of several.
    private let parameters: ParameterSlab
    private let copies: Bool
    private var pulledAt = 0
    /// ∇Q(s, a; θ′), and after that the gradient that is applied.
    private let gradient: ParameterSlab
    /// e.
    private let trace: ParameterSlab

    /// Q(s, ·; θ′), with gradients.
    private let current: any NetworkComputation
    /// Q(s′, ·; θ′).
    private let following: any NetworkComputation
    /// Q(s, a; θ′) of the action taken.
    private var value: Float = 0
    private var transition: (action: Int, reward: Float, terminated: Bool, ended: Bool)?

    init(_ context: LearnerContext, lambda: Float) throws {
        configuration = context.configuration
        self.lambda = lambda
        store = context.store
        exploration = Exploration(context)
        let restored = try context.restored(version: Self.stateVersion)
        ownStatistics = try OwnStatistics.make(configuration, layout: store.layout, restored)
        copies = store.sole == nil
        parameters = store.sole?.online ?? ParameterSlab(layout: store.layout)
        gradient = ParameterSlab(layout: store.layout)
        trace = ParameterSlab(layout: store.layout)
        if let restored {
            _ = try trace.elements.update(fromContentsOf: restored.float32("trace", count: store.layout.count))
        }
        current = try context.backend.makeComputation(of: context.architecture, batchSize: 1, training: true)
        following = try context.backend.makeComputation(of: context.architecture, batchSize: 1, training: false)
        try refresh()
    }

    /// θ′ ← θ.
    private func refresh() throws {
        pulledAt = try store.pull(into: parameters)
        try current.use(parameters)
        try following.use(parameters)
    }

    /// Nothing: the last step of the episode before is still to be learnt from, and needs the trace.
    func begin(_ observation: NewObservation) {}

    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        exploration.resampleIfDue(at: step, using: &generator)
        // Loaded into the computation, not kept: holding an observation would make the worker copy it.
        observation.withBytes { current.load($0, row: 0, offset: 0) }
        let values = try current.forward()
        let explores = generator.uniform() < exploration.rate(at: step)
        let action = explores ? generator.integer(below: values.count) : values.indexOfMaximum
        value = values[action]
        return action
    }

    func observe(_ transition: Transition) {
        transition.next.stacked.withBytes { following.load($0, row: 0, offset: 0) }
        self.transition = (
            transition.action, Float(transition.reward), transition.terminated, transition.ended
        )
    }

    func explorationRate(at step: StepCount) -> Double? { exploration.rate(at: step) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        guard let (action, reward, terminated, ended) = transition else { return }
        transition = nil
        let next = terminated ? 0 : try meanValue(epsilon: Float(exploration.rate(at: step)))
        let error = reward + Float(configuration.discount) * next - value

        current.outputGradient.update(repeating: 0)
        current.outputGradient[action] = 1
        try current.backward(into: gradient)
        let decay = Float(configuration.discount) * lambda
        for index in trace.elements.indices {
            trace.elements[index] = decay * trace.elements[index] + gradient.elements[index]
            gradient.elements[index] = -error * trace.elements[index]
        }

        let loss = Double(error * error) / 2
        let clipped = try ClippedGradient(gradient, loss: loss, configuration, store)
        let updates = try store.push(
            gradient, learningRate: configuration.learningRate(at: step.total), scale: clipped.scale,
            statistics: ownStatistics)
        statistics.add(
            loss: loss, gradientNorm: clipped.norm, staleness: copies ? updates - pulledAt : nil,
            others: ["absolute_error": Double(abs(error)), "trace_norm": GradientNorm.of(trace)])
        if ended { forget() }
        try refresh()
    }

    /// Σ π(a′|s′) Q(s′, a′; θ′) of the ε-greedy policy.
    private func meanValue(epsilon: Float) throws -> Float {
        let values = try following.forward()
        let mean = values.reduce(0, +) / Float(values.count)
        return (1 - epsilon) * values[values.indexOfMaximum] + epsilon * mean
    }

    private func forget() { trace.elements.update(repeating: 0) }

    func abandonEpisode() { forget() }

    func save(into state: inout WorkerState) throws {
        exploration.save(into: &state)
        var values: [String: StateSnapshot.Value] = ["trace": .float32(trace.values)]
        if let ownStatistics { OwnStatistics.save(ownStatistics, into: &values) }
        state.learner = StateSnapshot(kind: configuration.method, version: Self.stateVersion, values: values)
    }
}
