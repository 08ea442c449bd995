import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining

/// A plug-in's method that counts its steps and learns nothing; the tests follow where the counts are stored.
struct CountingMethod: TrainingMethod {
    static let owner = "org.example.counting"
    /// Registered once in the process.
    static let registration: Void = { try? TrainingMethods.register(CountingMethod()) }()

    var name = "counting"
    let summary = "counts steps"
    let allowsSeveralWorkers = true
    let usesTarget = false
    let usesReplay = false
    let isActorCritic = false
    var extensionOwner: String? = CountingMethod.owner
    let metrics = ["counted"]

    func applyDefaults(to configuration: inout TrainingConfiguration, for environment: EnvironmentSpecification) {
        configuration.methodOptions = ["first": .integer(0)]
        configuration.network = "mlp:4"
    }

    func validate(_ configuration: TrainingConfiguration) throws(TrainingError) {
        guard Set(configuration.methodOptions.keys) == ["first"],
            configuration.methodOptions["first"]?.integerValue != nil
        else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method '\(name)' needs 'first', a whole number, and nothing else in method_options.")
        }
    }

    func makeLearner(_ context: LearnerContext) throws -> any Learner { try CountingLearner(context) }
}

/// Counts steps from `first`, and pushes an empty gradient at each.
final class CountingLearner: Learner {
    var statistics = TrainingStatistics()
    private let context: LearnerContext
    private var exploration: Exploration
    private let gradients: ParameterSlab
    private let workerOptimizer: Optimizer?
    private var count: Int64

    init(_ context: LearnerContext) throws {
        self.context = context
        exploration = Exploration(context)
        gradients = ParameterSlab(layout: context.store.layout)
        let restored = try context.restored(version: 1)
        workerOptimizer = try WorkerOptimizer.make(
            context.configuration, layout: context.store.layout, restoring: restored)
        let first = context.configuration.methodOptions["first"]?.integerValue ?? -1
        count = try restored?.int64("count", count: 1)[0] ?? Int64(first)
    }

    func beginEpisode(_ observation: StackedObservation) {}
    func abandonEpisode() {}
    func observe(_ transition: Transition) { count += 1 }
    func explorationRate(at step: StepCount) -> Double? { exploration.epsilon(at: step) }

    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        exploration.resampleIfDue(at: step, using: &generator)
        return generator.integer(below: context.architecture.actionCount)
    }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        let clipped = try context.store.clip(
            gradients, loss: 0, maximumNorm: context.configuration.maximumGradientNorm)
        try context.store.push(
            gradients, learningRate: 0, scale: clipped.scale, optimizer: workerOptimizer, pullingInto: nil)
        statistics.add(loss: 0, gradientNorm: clipped.norm)
        statistics.add(Double(count), to: "counted")
    }

    func save(into state: inout WorkerState) throws {
        exploration.save(into: &state)
        var values: [String: StateSnapshot.Value] = ["count": .int64([count])]
        if let workerOptimizer { WorkerOptimizer.save(workerOptimizer, into: &values) }
        state.learner = StateSnapshot(kind: context.configuration.method, version: 1, values: values)
    }
}
