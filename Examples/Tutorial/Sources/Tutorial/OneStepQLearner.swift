import DQN
import DQNNetwork

final class OneStepQLearner: Learner {
    var statistics = TrainingStatistics()
    private let configuration: TrainingConfiguration
    private let store: any ParameterStore
    private let exploration: Exploration
    /// The worker's copy of the parameters, and the gradient that it pushes.
    private let parameters: ParameterSlab
    private let gradient: ParameterSlab
    /// Computes Q(s, ·) with gradients, and Q(s′, ·) without.
    private let current: any NetworkComputation
    private let next: any NetworkComputation
    /// What `observe` leaves for `learn`.
    private var step: (action: Int, reward: Float, terminated: Bool)?
    private var value: Float = 0

    init(_ context: LearnerContext) throws {
        configuration = context.configuration
        store = context.store
        exploration = Exploration(context)
        parameters = ParameterSlab(layout: store.layout)
        gradient = ParameterSlab(layout: store.layout)
        current = try context.backend.makeComputation(of: context.architecture, batchSize: 1, training: true)
        next = try context.backend.makeComputation(of: context.architecture, batchSize: 1, training: false)
        _ = try store.pull(into: parameters)
        try useParameters()
    }

    private func useParameters() throws {
        try current.use(parameters)
        try next.use(parameters)
    }

    func beginEpisode(_ observation: StackedObservation) {}

    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        observation.withBytes { current.load($0, row: 0, offset: 0) }
        let values = try current.forward()
        let explores = generator.uniform() < exploration.epsilon(at: step)
        let action = explores ? generator.integer(below: values.count) : values.indexOfMaximum
        value = values[action]
        return action
    }

    func observe(_ transition: Transition) {
        transition.next.stacked.withBytes { next.load($0, row: 0, offset: 0) }
        step = (transition.action, Float(transition.reward), transition.terminated)
    }

    func learn(at count: StepCount, using generator: inout RandomGenerator) throws {
        guard let (action, reward, terminated) = step else { return }
        step = nil
        let best = terminated ? 0 : (try next.forward().max() ?? 0)
        let error = value - (reward + Float(configuration.discount) * best)

        current.outputGradient.update(repeating: 0)
        current.outputGradient[action] = error
        try current.backward(into: gradient)
        let loss = Double(error * error) / 2
        let clipped = try store.clip(gradient, loss: loss, maximumNorm: configuration.maximumGradientNorm)
        _ = try store.push(
            gradient, learningRate: configuration.learningRate(at: count.total), scale: clipped.scale, optimizer: nil,
            pullingInto: parameters)
        statistics.add(loss: loss, gradientNorm: clipped.norm)
        try useParameters()
    }

    func explorationRate(at step: StepCount) -> Double? { exploration.epsilon(at: step) }

    /// Between two steps nothing of the learner's own is left: its copy equals the parameters.
    func save(into state: inout WorkerState) throws { exploration.save(into: &state) }

    func abandonEpisode() {}
}
