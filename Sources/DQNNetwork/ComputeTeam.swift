internal import CKernels
internal import DQNModel
internal import DQNSupport
internal import Foundation
internal import Synchronization

/// What a team of threads does together, each its part.
package protocol TeamWork: AnyObject {
    /// Does one part; called once for each, on any threads, several at the same time.
    func perform(part: Int)
}

/// Threads that compute one thing together: the one that asks, and helpers of the team's own.
///
/// Between two pieces of work the helpers look out for the next for a tenth of a millisecond, which is when it comes
/// while a batch is being learnt from, and then sleep. A piece of work allocates nothing and costs about a microsecond
/// while they look out, some ten where they have to be woken. Where processors are busy otherwise and a helper does not
/// come in time, the caller does its part, too.
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
        let post = Post(parts: threads)
        self.post = post
        for number in 1..<threads {
            // Compute libraries keep little on the stack, their generated code less. Where a helper cannot be started, the
            // other threads do its parts.
            _ = JobThread(name: "compute \(number)", stackSize: 4 << 20) { post.help() }
        }
    }

    deinit { post.close() }

    /// Does the parts from 0 to ``threads`` − 1 of a piece of work, and returns when all are done.
    package func run(_ work: any TeamWork) { post.give(work) }
}

/// Where work is given to the helpers.
///
/// `@unchecked Sendable`: `work` is written before its parts are offered in `offer` and not again before `unfinished` says
/// that all of them are done; it is read only by who has claimed a part and not finished it. The rest are atomics and a
/// monitor.
private final class Post: @unchecked Sendable {
    /// For how many nanoseconds somebody looks out for what is about to happen before sleeping, or letting others go first.
    private static let patience = 100_000
    /// Where a round begins within ``offer``.
    private static let round: UInt64 = 1 << 32

    private let parts: Int
    private var work: (any TeamWork)?
    /// The round in the upper half, and how many of its parts are claimed in the lower one.
    private let offer: Atomic<UInt64>
    private let unfinished = Atomic<Int>(0)
    private let sleeping = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)
    private let monitor = Monitor()

    init(parts: Int) {
        self.parts = parts
        offer = Atomic(UInt64(parts))
    }

    func give(_ work: any TeamWork) {
        precondition(unfinished.load(ordering: .acquiring) == 0, "one thread at a time gives a team work")
        self.work = work
        unfinished.store(parts, ordering: .relaxed)
        // The number of the round may wrap around.
        let next = (offer.load(ordering: .relaxed) / Self.round &+ 1) &* Self.round
        // Either the helper that is about to sleep sees the offer, or this thread sees that it sleeps.
        offer.store(next, ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 { monitor.withLock { monitor.wakeAll() } }
        performWhatIsLeft()
        while !isReached({ unfinished.load(ordering: .acquiring) == 0 }) {
            // More threads than processors: the one that is waited for may need this one.
            sched_yield()
        }
        self.work = nil
    }

    func help() {
        // A compute library that brings threads of its own is to use none of them beside these.
        ComputeThreads.useCallingThreadOnly()
        while waitForWork() { performWhatIsLeft() }
    }

    func close() {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        monitor.withLock { monitor.wakeAll() }
    }

    private func performWhatIsLeft() {
        while let part = claim() {
            work?.perform(part: part)
            unfinished.subtract(1, ordering: .releasing)
        }
    }

    /// Takes a part that nobody has taken yet.
    private func claim() -> Int? {
        var seen = offer.load(ordering: .acquiring)
        while isOpen(seen) {
            let (exchanged, now) = offer.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
            if exchanged { return Int(seen % Self.round) }
            seen = now
        }
        return nil
    }

    private func isOpen(_ offer: UInt64) -> Bool { offer % Self.round < UInt64(parts) }

    /// Waits until there is something to claim; says whether there can still be.
    private func waitForWork() -> Bool {
        if !isReached({ isDue }) {
            monitor.withLock {
                sleeping.add(1, ordering: .sequentiallyConsistent)
                while !isDue { monitor.wait(seconds: 60) }
                sleeping.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
        return !isClosed.load(ordering: .sequentiallyConsistent)
    }

    private var isDue: Bool {
        isOpen(offer.load(ordering: .sequentiallyConsistent)) || isClosed.load(ordering: .sequentiallyConsistent)
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
