public import DQNCheckpoint
public import DQNModel

/// The ε-greedy exploration of one worker.
///
/// ε is 1 until `learning_starts` agent steps, then falls linearly to the final ε of the worker or of each of its
/// environments (`LinearSchedule`). Only a drawn final ε is state; everything else follows from the configuration and
/// the step.
public struct Exploration: Sendable {
    /// The final values of ε that workers draw, with their probabilities (Mnih 2016, section 5).
    static let finalValues: [(epsilon: Double, probability: Double)] = [(0.1, 0.4), (0.01, 0.3), (0.5, 0.3)]

    /// The final values of ε that are dealt to environments 0, 1, 2, … of all workers, from the start again after the
    /// last: the values of Mnih 2016 in the proportions of their probabilities, small ones first for a run of few workers.
    package static let dealtValues = [0.1, 0.01, 0.5, 0.1, 0.01, 0.5, 0.1, 0.01, 0.5, 0.1]

    private let start: Double
    /// Agent steps over which ε falls.
    private let steps: Double
    private let learningStarts: Int
    /// Agent steps of the worker between draws of a new final ε; 0 draws once.
    private let resampleInterval: Int
    private var final: Double
    private let isDrawn: Bool
    private let isDealt: Bool
    /// The worker's environments, and the index of the first one among those of all workers.
    private let environments: Int
    private let firstEnvironment: Int

    /// Creates a worker's exploration, or restores it from the worker's state.
    ///
    /// The random stream `assignment` draws the final ε, if `epsilon_assignment` asks for a draw.
    public init(_ context: LearnerContext) {
        var generator = context.generator("assignment")
        let configuration = context.configuration
        start = configuration.epsilonStart
        steps = Double(configuration.scheduleSteps) * configuration.epsilonFraction
        learningStarts = configuration.learningStarts
        isDrawn = configuration.epsilonAssignment == .drawn
        isDealt = configuration.epsilonAssignment == .dealt
        environments = configuration.environmentsPerWorker
        firstEnvironment = context.worker * environments
        resampleInterval = isDrawn ? configuration.epsilonResampleInterval : 0
        let initial =
            switch configuration.epsilonAssignment {
            case .fixed: configuration.epsilonFinal
            case .drawn: Self.draw(&generator)
            case .dealt: Self.dealtValue(firstEnvironment)
            }
        final = context.state?.finalEpsilon ?? initial
    }

    /// Returns ε, the probability of a random action, at the given counts: the mean over the worker's environments.
    public func epsilon(at step: StepCount) -> Double {
        guard isDealt else { return epsilon(at: step, in: 0) }
        return (0..<environments).reduce(0) { $0 + epsilon(at: step, in: $1) } / Double(environments)
    }

    /// Returns ε of one of the worker's environments. They differ if final values are dealt.
    public func epsilon(at step: StepCount, in environment: Int) -> Double {
        if step.total < learningStarts { return 1 }
        let end = isDealt ? Self.dealtValue(firstEnvironment + environment) : final
        return LinearSchedule(from: start, to: end, over: steps).value(at: step.total)
    }

    private static func dealtValue(_ environment: Int) -> Double { dealtValues[environment % dealtValues.count] }

    /// Draws a new final ε every `epsilon_resample_interval` steps. Call it once before each step.
    public mutating func resampleIfDue(at step: StepCount, using generator: inout RandomGenerator) {
        guard resampleInterval > 0, step.worker > 0, step.worker % resampleInterval == 0 else { return }
        final = Self.draw(&generator)
    }

    /// Writes the final ε into the worker's state, if it was drawn.
    public func save(into state: inout WorkerState) { state.finalEpsilon = isDrawn ? final : nil }

    private static func draw(_ generator: inout RandomGenerator) -> Double {
        var rest = generator.uniform()
        for (epsilon, probability) in finalValues {
            if rest < probability { return epsilon }
            rest -= probability
        }
        return finalValues[0].epsilon
    }
}
