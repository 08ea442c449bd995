internal import CKernels
internal import DQNModel
internal import Foundation
internal import Synchronization

/// What a team of threads does together, each its part.
package protocol TeamWork: AnyObject {
    /// Does one part; called once for each, on different threads at the same time.
    func perform(part: Int)
}

/// Threads that compute one thing together: the one that asks, and helpers of the team's own.
///
/// Between two pieces of work the helpers look out for the next for a tenth of a millisecond, which is when it comes
/// while a batch is being learnt from, and then sleep. A piece of work allocates nothing and costs about a microsecond
/// while they look out, some ten where they have to be woken.
///
/// `Sendable`, but one thread at a time gives it work: the learner that it belongs to.
public final class ComputeTeam: Sendable {
    /// Threads that work, the caller among them.
    public let threads: Int
    private let post: Post

    /// Makes a team; its helpers end when it is let go.
    ///
    /// - Parameter threads: how many work at the same time, the caller among them.
    public init(threads: Int) {
        precondition(threads >= 1, "somebody has to work")
        self.threads = threads
        let post = Post()
        self.post = post
        for part in 1..<max(threads, 1) {
            let helper = Thread { post.help(part: part) }
            helper.name = "compute \(part)"
            // Compute libraries keep little on the stack, their generated code less.
            helper.stackSize = 4 << 20
            helper.start()
        }
    }

    deinit { post.close() }

    /// Does the parts from 0 to ``threads`` − 1 of a piece of work, the first on the calling thread, and returns when all
    /// are done.
    package func run(_ work: any TeamWork) { post.give(work, helpers: threads - 1) }
}

/// Where work is given to the helpers.
///
/// `@unchecked Sendable`: `work` is written before `round` is raised and read by helpers after they have seen it, and
/// not written again before all of them are done with it, which `unfinished` tells; the rest are atomics and a monitor.
private final class Post: @unchecked Sendable {
    /// For how many nanoseconds somebody looks out for what is about to happen before sleeping, or letting others go first.
    private static let patience = 100_000

    private var work: (any TeamWork)?
    private let round = Atomic<Int>(0)
    private let unfinished = Atomic<Int>(0)
    private let sleeping = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)
    private let monitor = Monitor()

    func give(_ work: any TeamWork, helpers: Int) {
        guard helpers > 0 else { return work.perform(part: 0) }
        self.work = work
        unfinished.store(helpers, ordering: .relaxed)
        // Either the helper that is about to sleep sees the new round, or this thread sees that it sleeps.
        round.add(1, ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 { monitor.withLock { monitor.wakeAll() } }
        work.perform(part: 0)
        while !isReached({ unfinished.load(ordering: .acquiring) == 0 }) {
            // More threads than processors: the one that is waited for may need this one.
            sched_yield()
        }
        self.work = nil
    }

    func help(part: Int) {
        var seen = 0
        // A compute library that brings threads of its own is to use none of them beside these.
        ComputeThreads.useCallingThreadOnly()
        while let next = nextRound(after: seen) {
            seen = next
            work?.perform(part: part)
            unfinished.subtract(1, ordering: .releasing)
        }
    }

    func close() {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        monitor.withLock { monitor.wakeAll() }
    }

    /// The number of the round after one, once it has begun; `nil` when there will be none.
    private func nextRound(after seen: Int) -> Int? {
        if !isReached({ isDue(after: seen) }) {
            monitor.withLock {
                sleeping.add(1, ordering: .sequentiallyConsistent)
                while !isDue(after: seen) { monitor.wait(seconds: 60) }
                sleeping.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
        return isClosed.load(ordering: .sequentiallyConsistent) ? nil : round.load(ordering: .sequentiallyConsistent)
    }

    private func isDue(after seen: Int) -> Bool {
        round.load(ordering: .sequentiallyConsistent) != seen || isClosed.load(ordering: .sequentiallyConsistent)
    }

    /// Looks out for a condition, for as long as one is patient.
    private func isReached(_ condition: () -> Bool) -> Bool {
        var looks = 0
        var deadline = 0
        while !condition() {
            kernels_pause()
            looks += 1
            // Telling the time takes as long as several looks.
            guard looks % 64 == 0 else { continue }
            let now = Self.nanoseconds
            if deadline == 0 { deadline = now + Self.patience }
            if now >= deadline { return false }
        }
        return true
    }

    private static var nanoseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

extension ComputeTeam {
    /// One thread's share of a number of floats: whole cache lines, so that no two threads write one.
    static func share(_ part: Int, of count: Int, threads: Int) -> Range<Int> {
        let line = 16
        let lines = (count + line - 1) / line
        let start = lines * part / threads * line
        return min(start, count)..<min(lines * (part + 1) / threads * line, count)
    }
}
