public import DQNCheckpoint
public import DQNModel

/// ε-greedy exploration of one worker: random during warm-up, then a schedule to an ε of the worker's own.
///
/// Everything but the assigned final ε follows from the configuration and the step.
public struct Exploration: Sendable {
    /// Final values that workers draw, and how likely each is (Mnih 2016, section 5).
    static let finalValues: [(epsilon: Double, probability: Double)] = [(0.1, 0.4), (0.01, 0.3), (0.5, 0.3)]

    private let start: Double
    private let steps: Double
    private let learningStarts: Int
    /// Agent steps of the worker between draws of a new final ε; 0 draws once.
    private let resampleInterval: Int
    /// Where the schedule ends.
    private(set) var final: Double
    private let isDrawn: Bool

    /// Begins, or goes on with the final ε that was assigned to the worker before; the stream `assignment` draws one.
    public init(_ context: LearnerContext) {
        var generator = context.generator("assignment")
        let configuration = context.configuration
        start = configuration.epsilonStart
        steps = Double(configuration.scheduleSteps) * configuration.epsilonFraction
        learningStarts = configuration.learningStarts
        isDrawn = configuration.epsilonAssignment == .drawn
        resampleInterval = isDrawn ? configuration.epsilonResampleInterval : 0
        final = context.state?.finalEpsilon ?? (isDrawn ? Self.draw(&generator) : configuration.epsilonFinal)
    }

    /// The probability of a random action at the step after so many.
    public func rate(at step: StepCount) -> Double {
        if step.total < learningStarts { return 1 }
        return LinearSchedule(from: start, to: final, over: steps).value(at: step.total)
    }

    /// Draws a new final ε where it is time to; called once before each step.
    public mutating func resampleIfDue(at step: StepCount, using generator: inout RandomGenerator) {
        guard resampleInterval > 0, step.worker > 0, step.worker % resampleInterval == 0 else { return }
        final = Self.draw(&generator)
    }

    /// Writes the assigned final ε, where there is one, into the worker's state.
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
