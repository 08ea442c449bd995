internal import DQNLearning
internal import DQNSupport
internal import Synchronization

/// Where a worker gets its agent steps from.
package protocol StepSource: AnyObject, Sendable {
    /// Steps claimed so far, for errors.
    var claimedSteps: Int { get }

    /// Claims the next steps, which says that those claimed before have been taken.
    ///
    /// - Parameter most: the largest number of steps.
    /// - Returns: the indices of the steps over all workers, from 0; `nil` if the worker must stop at this step boundary.
    func claim(atMost most: Int) throws -> Range<Int>?
}

/// The agent steps that all workers together may take: a worker claims steps before it takes them.
///
/// The trainer grants steps up to a limit. Once they are used up, every worker has stopped at a step boundary, and
/// exactly that many steps have been taken. A claim costs one atomic exchange and never waits.
package final class StepBudget: StepSource {
    // All workers change it for each step.
    private let claimed: PaddedCount
    private let limit: Atomic<Int>

    /// Starts after a number of steps with nothing granted.
    init(taken: Int) {
        claimed = PaddedCount(taken)
        limit = Atomic(taken)
    }

    /// Steps claimed so far.
    package var claimedSteps: Int { claimed.value }

    /// Allows steps up to a total.
    func grant(upTo total: Int) { limit.store(total, ordering: .releasing) }

    /// Grants no more steps; each worker stops after the one it is taking.
    func stop() { limit.store(0, ordering: .releasing) }

    /// Returns steps that were claimed but not taken; called while no worker runs.
    func reset(taken: Int) { claimed.atomic.store(taken, ordering: .releasing) }

    /// Claims the next steps.
    ///
    /// - Parameter most: the largest number of steps.
    /// - Returns: the indices of the steps over all workers, from 0; fewer than `most` at the end of what is granted, and
    ///   `nil` if no more are granted.
    package func claim(atMost most: Int) -> Range<Int>? {
        var current = claimed.value
        while true {
            let steps = min(most, limit.load(ordering: .acquiring) - current)
            guard steps > 0 else { return nil }
            let (exchanged, original) = claimed.atomic.weakCompareExchange(
                expected: current, desired: current + steps, ordering: .acquiringAndReleasing)
            if exchanged { return current..<(current + steps) }
            current = original
        }
    }
}
