public import DQNCheckpoint
public import DQNModel

/// The ε-greedy exploration of one worker.
///
/// ε is 1 until `learning_starts` agent steps, then falls linearly to the worker's final ε (``LinearSchedule``). Only
/// the final ε is state; everything else follows from the configuration and the step.
public struct Exploration: Sendable {
    /// The final values of ε that workers draw, with their probabilities (Mnih 2016, section 5).
    static let finalValues: [(epsilon: Double, probability: Double)] = [(0.1, 0.4), (0.01, 0.3), (0.5, 0.3)]

    /// The final values of ε that are dealt to workers 0, 1, 2, …, from the start again after the last: the values of
    /// Mnih 2016 in the proportions of their probabilities, beginning with small ones for a run of few workers.
    package static let dealtValues = [0.1, 0.01, 0.5, 0.1, 0.01, 0.5, 0.1, 0.01, 0.5, 0.1]

    private let start: Double
    /// Agent steps over which ε falls.
    private let steps: Double
    private let learningStarts: Int
    /// Agent steps of the worker between draws of a new final ε; 0 draws once.
    private let resampleInterval: Int
    private var final: Double
    private let isDrawn: Bool

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
        resampleInterval = isDrawn ? configuration.epsilonResampleInterval : 0
        let initial =
            switch configuration.epsilonAssignment {
            case .fixed: configuration.epsilonFinal
            case .drawn: Self.draw(&generator)
            case .dealt: Self.dealtValues[context.worker % Self.dealtValues.count]
            }
        final = context.state?.finalEpsilon ?? initial
    }

    /// Returns ε, the probability of a random action, at the given counts.
    public func epsilon(at step: StepCount) -> Double {
        if step.total < learningStarts { return 1 }
        return LinearSchedule(from: start, to: final, over: steps).value(at: step.total)
    }

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
