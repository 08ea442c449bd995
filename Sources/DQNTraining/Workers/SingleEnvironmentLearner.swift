internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel

/// A learner for a single environment, as a plug-in may have, in the form that a ``Worker`` uses.
final class SingleEnvironmentLearner: VectorLearner {
    private let learner: any Learner

    init(_ learner: any Learner) { self.learner = learner }

    var statistics: TrainingStatistics {
        get { learner.statistics }
        set { learner.statistics = newValue }
    }

    func beginEpisode(_ observation: StackedObservation, in environment: Int) { learner.beginEpisode(observation) }

    func chooseActions(
        in environments: Range<Int>, at step: StepCount, using generator: inout RandomGenerator,
        into actions: UnsafeMutableBufferPointer<Int>, observation: (Int) -> Observation
    ) throws {
        for environment in environments {
            actions[environment] = try learner.chooseAction(
                for: observation(environment), at: step, using: &generator)
        }
    }

    func observe(_ transition: Transition, in environment: Int) { learner.observe(transition) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        try learner.learn(at: step, using: &generator)
    }

    func explorationRate(at step: StepCount) -> Double? { learner.explorationRate(at: step) }

    func save(into state: inout WorkerState) throws { try learner.save(into: &state) }

    func abandonEpisode(in environment: Int) { learner.abandonEpisode() }
}
