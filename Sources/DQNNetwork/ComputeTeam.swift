internal import CKernels
internal import DQNModel
internal import DQNSupport
internal import Foundation
internal import Synchronization

/// Work that a team of threads shares, in parts.
package protocol TeamWork: AnyObject {
    /// Does one part. Called once for each part, on any threads, several at a time.
    func perform(part: Int)
}

/// Threads that share one computation: the caller, and helpers that belong to the team.
///
/// After a piece of work the helpers poll for the next one, because it usually comes within a tenth of a millisecond
/// during an update; after that time they sleep. A piece of work allocates nothing and costs about a microsecond while
/// the helpers poll, about ten if they have to be woken. If a helper gets no processor in time, the caller does its
/// part as well. Nobody polls while there are fewer processors than working threads.
///
/// `Sendable`, but only one thread at a time may run work: the learner that owns the team.
public final class ComputeTeam: Sendable {
    /// Number of threads, including the caller.
    package let threads: Int
    private let exchange: WorkExchange

    /// Creates a team; its helpers end when it is released.
    ///
    /// - Parameter threads: number of threads, including the caller; at least 1.
    public init(threads: Int) {
        precondition(threads >= 1, "a team needs at least one thread")
        self.threads = threads
        let exchange = WorkExchange(parts: threads)
        self.exchange = exchange
        for number in 1..<threads {
            // Compute libraries use little stack, their generated code less. If a helper cannot be started, the other
            // threads do its parts.
            _ = JobThread(name: "compute \(number)", stackSize: 4 << 20) { exchange.help() }
        }
    }

    deinit { exchange.close() }

    /// Does the parts 0 to ``threads`` − 1 of a piece of work, and returns when all are done.
    package func run(_ work: any TeamWork) { exchange.run(work) }
}

/// Hands work to the helpers.
///
/// `@unchecked Sendable`: `work` is written before its parts are published in `offer`, and not again until `unfinished`
/// is 0; only threads that have claimed a part and not finished it read it. The rest are atomics and a monitor.
private final class WorkExchange: @unchecked Sendable {
    /// Nanoseconds of polling before a thread sleeps or yields its processor.
    private static let pollingNanoseconds = 100_000
    /// The unit of the round's number in ``offer``.
    private static let round: UInt64 = 1 << 32

    private let parts: Int
    private var work: (any TeamWork)?
    /// The round's number in the upper half, and how many of its parts are claimed in the lower half.
    ///
    /// Helpers poll for it while the caller writes the rest, and the caller polls for `unfinished`.
    private let offer: PaddedOffer
    private let unfinished = PaddedCount(0)
    private let sleeping = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let isClosed = Atomic<Bool>(false)
    private let monitor = Monitor()

    init(parts: Int) {
        self.parts = parts
        offer = PaddedOffer(UInt64(parts))
    }

    func run(_ work: any TeamWork) {
        precondition(
            unfinished.atomic.load(ordering: .acquiring) == 0, "only one thread at a time may run a team's work")
        self.work = work
        unfinished.atomic.store(parts, ordering: .relaxed)
        // The round's number may wrap around.
        let next = (offer.value.load(ordering: .relaxed) / Self.round &+ 1) &* Self.round
        // Either a helper that is about to sleep sees the offer, or this thread sees that it sleeps.
        offer.value.store(next, ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 { monitor.withLock { monitor.wakeAll() } }
        performOpenParts()
        while !isReached({ unfinished.atomic.load(ordering: .acquiring) == 0 }) {
            // With more threads than processors, the last part may need this thread's processor.
            if hasRoom { sched_yield() } else { sleepUntilFinished() }
        }
        self.work = nil
    }

    /// Waits asleep for the helpers' last parts.
    private func sleepUntilFinished() {
        monitor.withLock {
            // Either the helper that finishes last sees that the caller sleeps, or the caller sees that it has finished.
            callerSleeps.store(true, ordering: .sequentiallyConsistent)
            while unfinished.atomic.load(ordering: .sequentiallyConsistent) > 0 { monitor.wait(seconds: 60) }
            callerSleeps.store(false, ordering: .relaxed)
        }
    }

    /// Whether each thread of the team and every other working thread has a processor.
    private var hasRoom: Bool { Processors.haveRoom(forTeamOf: parts) }

    func help() {
        // A compute library with its own threads must not use them in addition to these.
        ComputeThreads.useCallingThreadOnly()
        while waitForWork() { performOpenParts() }
    }

    func close() {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        monitor.withLock { monitor.wakeAll() }
    }

    private func performOpenParts() {
        while let part = claim() {
            work?.perform(part: part)
            let left = unfinished.atomic.subtract(1, ordering: .sequentiallyConsistent).newValue
            if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
                monitor.withLock { monitor.wakeAll() }
            }
        }
    }

    /// Claims an open part; `nil` if there is none.
    private func claim() -> Int? {
        var seen = offer.value.load(ordering: .acquiring)
        while isOpen(seen) {
            let (exchanged, now) = offer.value.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
            if exchanged { return Int(seen % Self.round) }
            seen = now
        }
        return nil
    }

    private func isOpen(_ offer: UInt64) -> Bool { offer % Self.round < UInt64(parts) }

    /// Waits until there is an open part or the team closes.
    ///
    /// - Returns: whether the team is still open.
    private func waitForWork() -> Bool {
        if !isReached({ isOpenOrClosed }) {
            monitor.withLock {
                sleeping.add(1, ordering: .sequentiallyConsistent)
                while !isOpenOrClosed { monitor.wait(seconds: 60) }
                sleeping.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
        return !isClosed.load(ordering: .sequentiallyConsistent)
    }

    private var isOpenOrClosed: Bool {
        isOpen(offer.value.load(ordering: .sequentiallyConsistent)) || isClosed.load(ordering: .sequentiallyConsistent)
    }

    /// Polls for a condition.
    ///
    /// - Returns: whether it came true in time.
    private func isReached(_ condition: () -> Bool) -> Bool {
        var polls = 0
        var deadline = 0
        if condition() { return true }
        guard hasRoom else { return false }
        while !condition() {
            kernels_pause()
            polls += 1
            // Reading the clock takes as long as several polls.
            guard polls % 64 == 0 else { continue }
            let now = Self.nanoseconds
            if deadline == 0 { deadline = now + Self.pollingNanoseconds }
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

/// An offer in cache lines of its own, like a ``DQNSupport/PaddedCount``.
private struct PaddedOffer: ~Copyable, Sendable {
    private let before = PaddedCount(0)
    let value: Atomic<UInt64>
    private let after = PaddedCount(0)

    init(_ value: UInt64) { self.value = Atomic(value) }
}

extension ComputeTeam {
    /// Whether a team steps an optimiser of so many parameters in less time than one thread. The steps are the same.
    static func isWorthwhile(forStepOf count: Int) -> Bool { count >= 1 << 13 }

    /// Returns one thread's share of an array of floats: whole cache lines, so that no two threads write to the same
    /// line.
    static func share(_ part: Int, of count: Int, threads: Int) -> Range<Int> {
        let line = 16
        let lines = (count + line - 1) / line
        let start = lines * part / threads * line
        return min(start, count)..<min(lines * (part + 1) / threads * line, count)
    }
}
