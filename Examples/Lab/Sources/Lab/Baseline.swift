import DQN

/// A method to compare others with: it acts at random and learns nothing.
struct Baseline: TrainingMethod {
    let name = "baseline"
    let summary = "random actions, no learning"
    let allowsSeveralWorkers = true
    let usesTarget = false
    let usesReplay = false
    let isActorCritic = false
    let extensionOwner: String? = "org.example.lab"

    func makeLearner(_ context: LearnerContext) -> any Learner {
        BaselineLearner(actionCount: context.environment.actionCount)
    }
}

/// The learner of one worker. The worker's random stream is its only state, and the worker saves that.
final class BaselineLearner: Learner {
    var statistics = TrainingStatistics()
    private let actionCount: Int

    init(actionCount: Int) { self.actionCount = actionCount }

    func beginEpisode(_ observation: StackedObservation) {}

    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) -> Int {
        generator.integer(below: actionCount)
    }

    func observe(_ transition: Transition) {}
    func learn(at step: StepCount, using generator: inout RandomGenerator) {}
    func explorationRate(at step: StepCount) -> Double? { nil }
    func abandonEpisode() {}
    func save(into state: inout WorkerState) {}
}
