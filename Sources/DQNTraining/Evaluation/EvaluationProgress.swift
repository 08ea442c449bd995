internal import Synchronization

/// How far an evaluation has come; readable from any thread.
final class EvaluationProgress: Sendable {
    private let agentSteps: Int
    private let totalEpisodes: Int
    private let episodes = Atomic<Int>(0)
    private let steps = Atomic<Int>(0)

    /// Begins an evaluation of an agent step.
    init(agentSteps: Int, episodes: Int) {
        self.agentSteps = agentSteps
        totalEpisodes = episodes
    }

    /// Counts an agent step of an episode.
    func countStep() { steps.add(1, ordering: .relaxed) }

    /// Counts an episode that has ended.
    func countEpisode() { episodes.add(1, ordering: .relaxed) }

    /// What has been played.
    var state: EvaluationState {
        EvaluationState(
            agentSteps: agentSteps, episodes: episodes.load(ordering: .relaxed), totalEpisodes: totalEpisodes,
            steps: steps.load(ordering: .relaxed))
    }
}

/// What a running evaluation has played so far.
package struct EvaluationState: Sendable {
    /// The agent step of training that is evaluated.
    package let agentSteps: Int
    /// Episodes that have ended.
    package let episodes: Int
    /// Episodes of the evaluation.
    package let totalEpisodes: Int
    /// Agent steps of all its episodes.
    package let steps: Int
}
