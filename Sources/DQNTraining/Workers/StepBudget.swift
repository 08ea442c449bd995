internal import DQNLearning
internal import Synchronization

/// The agent steps that workers may take, all together: each claims the next one before it takes it.
///
/// The chief grants steps up to a limit; when they are used up, every worker has stopped at a step boundary and the
/// number of steps taken is exactly the limit. A claim costs one atomic exchange and never waits.
final class StepBudget: Sendable {
    private let claimed: Atomic<Int>
    private let limit: Atomic<Int>

    /// Starts after the given number of steps with nothing granted.
    init(taken: Int) {
        claimed = Atomic(taken)
        limit = Atomic(taken)
    }

    /// Steps claimed so far.
    var claimedSteps: Int { claimed.load(ordering: .relaxed) }

    /// Allows steps up to a total.
    func grant(upTo total: Int) { limit.store(total, ordering: .releasing) }

    /// Allows no more steps; each worker stops after the one it is taking.
    func stop() { limit.store(0, ordering: .releasing) }

    /// Says how many steps were really taken, after some were claimed in vain.
    func settle(at taken: Int) { claimed.store(taken, ordering: .releasing) }

    /// The number of the next step, counted from 0 over all workers; `nil` when no more are granted.
    func claim() -> Int? {
        var current = claimed.load(ordering: .relaxed)
        while current < limit.load(ordering: .acquiring) {
            let (exchanged, original) = claimed.weakCompareExchange(
                expected: current, desired: current + 1, ordering: .acquiringAndReleasing)
            if exchanged { return current }
            current = original
        }
        return nil
    }
}
