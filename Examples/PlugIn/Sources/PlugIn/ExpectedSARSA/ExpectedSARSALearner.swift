import DQN
import DQNNetwork

/// The learner of one worker; see ``ExpectedSARSA`` for the algorithm.
///
/// Its own state is the trace, which has as many elements as the network has parameters.
final class ExpectedSARSALearner: Learner {
    private static let stateVersion = 1

    var statistics = TrainingStatistics()
    private let configuration: TrainingConfiguration
    private let lambda: Float
    private let store: any ParameterStore
    private var exploration: Exploration
    /// The worker's own optimiser; `nil` if all workers share one.
    private let workerOptimizer: Optimizer?

    /// θ′: the shared parameters themselves for a run's only worker, otherwise a copy.
    private let parameters: ParameterSlab
    private let usesCopy: Bool
    /// The store's update count at the last copy.
    private var updateCountAtPull: Int
    /// ∇Q(s, a; θ′), then the gradient that is pushed.
    private let gradient: ParameterSlab
    /// e.
    private let trace: ParameterSlab

    /// Computes Q(s, ·; θ′), with gradients.
    private let currentNetwork: any NetworkComputation
    /// Computes Q(s′, ·; θ′).
    private let nextNetwork: any NetworkComputation
    /// Q(s, a; θ′) of the action taken.
    private var value: Float = 0
    private var transition: (action: Int, reward: Float, terminated: Bool, ended: Bool)?

    init(_ context: LearnerContext, lambda: Float) throws {
        configuration = context.configuration
        self.lambda = lambda
        store = context.store
        exploration = Exploration(context)
        let restored = try context.restored(version: Self.stateVersion)
        workerOptimizer = try WorkerOptimizer.make(configuration, layout: store.layout, restoring: restored)
        usesCopy = store.inPlace == nil
        parameters = store.inPlace?.online ?? ParameterSlab(layout: store.layout)
        gradient = ParameterSlab(layout: store.layout)
        trace = ParameterSlab(layout: store.layout)
        if let restored {
            _ = try trace.elements.update(fromContentsOf: restored.float32("trace", count: store.layout.count))
        }
        currentNetwork = try context.backend.makeComputation(of: context.architecture, batchSize: 1, training: true)
        nextNetwork = try context.backend.makeComputation(of: context.architecture, batchSize: 1, training: false)
        updateCountAtPull = try store.pull(into: parameters)
        try reloadParameters()
    }

    /// Computes with the current θ′ from now on.
    private func reloadParameters() throws {
        try currentNetwork.use(parameters)
        try nextNetwork.use(parameters)
    }

    /// Does nothing: the last step of the previous episode is not learned yet and needs the trace.
    func beginEpisode(_ observation: StackedObservation) {}

    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        exploration.resampleIfDue(at: step, using: &generator)
        // Loaded into the computation, not stored: the worker would have to copy an observation that is still in use.
        observation.withBytes { currentNetwork.load($0, row: 0, offset: 0) }
        let values = try currentNetwork.forward()
        let explores = generator.uniform() < exploration.epsilon(at: step)
        let action = explores ? generator.integer(below: values.count) : values.indexOfMaximum
        value = values[action]
        return action
    }

    func observe(_ transition: Transition) {
        transition.next.stacked.withBytes { nextNetwork.load($0, row: 0, offset: 0) }
        self.transition = (
            transition.action, Float(transition.reward), transition.terminated, transition.ended
        )
    }

    func explorationRate(at step: StepCount) -> Double? { exploration.epsilon(at: step) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        guard let (action, reward, terminated, ended) = transition else { return }
        transition = nil
        let next = terminated ? 0 : try expectedValue(epsilon: Float(exploration.epsilon(at: step)))
        let error = reward + Float(configuration.discount) * next - value

        currentNetwork.outputGradient.update(repeating: 0)
        currentNetwork.outputGradient[action] = 1
        try currentNetwork.backward(into: gradient)
        let decay = Float(configuration.discount) * lambda
        for index in trace.elements.indices {
            trace.elements[index] = decay * trace.elements[index] + gradient.elements[index]
            gradient.elements[index] = -error * trace.elements[index]
        }

        let loss = Double(error * error) / 2
        let clipped = try store.clip(gradient, loss: loss, maximumNorm: configuration.maximumGradientNorm)
        let updateCount = try store.push(
            gradient, learningRate: configuration.learningRate(at: step.total), scale: clipped.scale,
            optimizer: workerOptimizer, pullingInto: usesCopy ? parameters : nil)
        statistics.add(
            loss: loss, gradientNorm: clipped.norm, staleness: usesCopy ? updateCount - updateCountAtPull : nil)
        statistics.add(Double(abs(error)), to: "absolute_error")
        statistics.add(trace.norm, to: "trace_norm")
        updateCountAtPull = updateCount + 1
        if ended { clearTrace() }
        try reloadParameters()
    }

    /// Returns Σ π(a′|s′) Q(s′, a′; θ′) of the ε-greedy policy.
    private func expectedValue(epsilon: Float) throws -> Float {
        let values = try nextNetwork.forward()
        let mean = values.reduce(0, +) / Float(values.count)
        return (1 - epsilon) * values[values.indexOfMaximum] + epsilon * mean
    }

    private func clearTrace() { trace.elements.update(repeating: 0) }

    func abandonEpisode() { clearTrace() }

    func save(into state: inout WorkerState) throws {
        exploration.save(into: &state)
        var values: [String: StateSnapshot.Value] = ["trace": .float32(trace.values)]
        if let workerOptimizer { WorkerOptimizer.save(workerOptimizer, into: &values) }
        state.learner = StateSnapshot(kind: configuration.method, version: Self.stateVersion, values: values)
    }
}
