internal import Synchronization

/// Whether somebody has asked the program to end, for threads that nobody watches.
package enum EndRequest {
    private static let flag = Atomic<Bool>(false)

    /// Asks for the end; callable from a signal handler once ``isMade`` has been read.
    package static func make() { flag.store(true, ordering: .relaxed) }

    /// Whether the end has been asked for.
    package static var isMade: Bool { flag.load(ordering: .relaxed) }
}

/// What connects a working thread with whoever waits for it: a count that rises while the thread makes progress, and
/// requests to stop.
package final class Heartbeat: Sendable {
    /// An update was cut short, as requested.
    package struct UpdateCut: Error {
        package init() {}
    }

    // Every step of a worker counts, beside what other workers count.
    private let count = PaddedCount(0)
    private let isInStart = Atomic<Bool>(false)
    private let stopIsRequested = Atomic<Bool>(false)
    private let endIsRequested = Atomic<Bool>(false)
    private let cutIsRequested = Atomic<Bool>(false)
    private let isInUpdate = Atomic<Bool>(false)

    package init() {}

    /// The heartbeat of the calling thread; `nil` if nobody watches it.
    package static var current: Heartbeat? { JobThread.heartbeatOfCaller }

    /// Counts a sign of progress.
    package func beat() { count.add(1) }

    /// The signs so far.
    package var beats: Int { count.value }

    /// Whether the thread creates an environment, which may start a process.
    package var isStarting: Bool { isInStart.load(ordering: .acquiring) }

    /// Calls `body`, which creates an environment, and counts its end as progress.
    package func starting<Value>(_ body: () throws -> Value) rethrows -> Value {
        isInStart.store(true, ordering: .releasing)
        defer {
            beat()
            isInStart.store(false, ordering: .releasing)
        }
        return try body()
    }

    /// Asks the thread to stop at its next step boundary; callable from any thread.
    package func askToStop() { stopIsRequested.store(true, ordering: .relaxed) }

    /// Asks the thread to stop for good: it must not wait long for an environment that may never answer.
    package func askToEnd() {
        endIsRequested.store(true, ordering: .relaxed)
        askToStop()
    }

    /// Asks the thread to stop even within an update; callable from any thread.
    package func askToCutUpdate() { cutIsRequested.store(true, ordering: .relaxed) }

    /// Forgets earlier requests.
    package func withdrawRequests() {
        stopIsRequested.store(false, ordering: .relaxed)
        endIsRequested.store(false, ordering: .relaxed)
        cutIsRequested.store(false, ordering: .relaxed)
    }

    /// Whether the thread is asked to stop.
    package var isAskedToStop: Bool { stopIsRequested.load(ordering: .relaxed) }

    /// Whether the calling thread is asked to stop for good or, if nobody watches it, the whole program.
    package static var callerIsAskedToEnd: Bool {
        current?.endIsRequested.load(ordering: .relaxed) ?? EndRequest.isMade
    }

    /// Calls `body`, a part of an update that can be cut short: within it ``pulse()`` may throw.
    ///
    /// - Parameters:
    ///   - heartbeat: that of the calling thread, if it has one.
    ///   - isCut: whether an error is that of a pulse.
    /// - Returns: whether the part was taken; `false` if it was cut short, and must then leave no trace.
    package static func update(
        _ heartbeat: Heartbeat?, isCut: (any Error) -> Bool, _ body: () throws -> Void
    ) throws -> Bool {
        guard let heartbeat else {
            try body()
            return true
        }
        heartbeat.isInUpdate.store(true, ordering: .relaxed)
        defer { heartbeat.isInUpdate.store(false, ordering: .relaxed) }
        do {
            try heartbeat.pulse()
            try body()
            return true
        } catch {
            guard isCut(error) else { throw error }
            return false
        }
    }

    /// Counts a sign of progress of a long computation.
    ///
    /// - Throws: ``UpdateCut`` if the running update is to be cut short.
    package func pulse() throws(UpdateCut) {
        if beatAndCheck() { throw UpdateCut() }
    }

    /// Counts a sign of progress of a long computation.
    ///
    /// - Returns: whether the running update is to be cut short.
    package func beatAndCheck() -> Bool {
        beat()
        return cutIsRequested.load(ordering: .relaxed) && isInUpdate.load(ordering: .relaxed)
    }
}
