internal import Synchronization

/// How far the running evaluation has come; readable from any thread.
final class EvaluationProgress: Sendable {
    private let total = Atomic<Int>(0)
    private let episodes = Atomic<Int>(0)
    private let steps = Atomic<Int>(0)

    /// Begins an evaluation of a number of episodes.
    func begin(episodes count: Int) {
        episodes.store(0, ordering: .relaxed)
        steps.store(0, ordering: .relaxed)
        total.store(count, ordering: .relaxed)
    }

    /// Counts an agent step of an episode.
    func countStep() { steps.add(1, ordering: .relaxed) }

    /// Counts an episode that has ended.
    func countEpisode() { episodes.add(1, ordering: .relaxed) }

    /// Ends the evaluation.
    func end() { total.store(0, ordering: .relaxed) }

    /// What the running evaluation has played; `nil` while none runs.
    var current: EvaluationState? {
        let total = total.load(ordering: .relaxed)
        return total == 0
            ? nil
            : EvaluationState(
                episodes: episodes.load(ordering: .relaxed), totalEpisodes: total,
                steps: steps.load(ordering: .relaxed))
    }
}

/// What a running evaluation has played so far.
package struct EvaluationState: Sendable {
    /// Episodes that have ended.
    package let episodes: Int
    /// Episodes of the evaluation.
    package let totalEpisodes: Int
    /// Agent steps of all its episodes.
    package let steps: Int
}
