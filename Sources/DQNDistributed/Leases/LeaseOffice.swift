internal import DQNModel
internal import DQNSupport

/// The chief's ``LeaseBook`` for the threads that speak with workers, and the chief's wait for them.
///
/// `@unchecked Sendable`: the book is used with the monitor held; the clock never changes.
package final class LeaseOffice: LeaseSource, @unchecked Sendable {
    /// How often the chief looks for workers that are silent, in seconds.
    private static let pollInterval = 0.02
    /// How long a request waits for steps, in seconds.
    private static let longestWait = 0.1

    private let monitor = Monitor()
    private let start = ContinuousClock.now
    private var book: LeaseBook
    private var losses: [LeaseBook.Loss] = []

    /// Creates an office for a run that has taken a number of steps.
    ///
    /// - Parameter patience: how long a worker may be silent.
    package init(taken: Int, patience: Duration) { book = LeaseBook(taken: taken, patience: patience) }

    private var now: LeaseBook.Moment { ContinuousClock.now - start }

    /// Steps taken and reported since the start of the run.
    package var takenSteps: Int { monitor.withLock { book.takenSteps } }

    /// The steps that each present worker has taken, by its index.
    package var agentSteps: [Int: Int] { monitor.withLock { book.members.mapValues(\.agentSteps) } }

    /// Admits a worker.
    ///
    /// - Parameter agentSteps: steps that it has taken before.
    /// - Throws: ``ClusterError`` (`refused`) if the run already has this worker.
    package func join(_ worker: Int, name: String, agentSteps: Int = 0) throws(ClusterError) {
        let reason = monitor.withLock {
            defer { monitor.wakeAll() }
            return book.join(worker, name: name, agentSteps: agentSteps, at: now)
        }
        if let reason {
            throw ClusterError(code: .refused, message: "\(name) cannot join: \(reason). Start it without an index.")
        }
    }

    /// Notes a sign of life.
    ///
    /// - Returns: whether the worker still belongs to the run.
    package func hear(of worker: Int) -> Bool { monitor.withLock { book.hear(of: worker, at: now) } }

    /// Gives a worker up, for example because its connection has ended; does nothing if that has happened before.
    ///
    /// - Parameter reason: as in "has closed its connection".
    package func lose(_ worker: Int, because reason: String) {
        monitor.withLock {
            losses += [book.lose(worker, because: reason)].compactMap(\.self)
            monitor.wakeAll()
        }
    }

    package func exchange(_ request: LeaseRequest) -> LeaseAnswer {
        monitor.withLock {
            if let reason = book.report(request.taken, by: request.worker, at: now) { return .refused(reason) }
            if request.releases { book.release(by: request.worker) }
            monitor.wakeAll()
            guard request.most > 0 else { return .accepted }
            if let steps = lease(request) { return .steps(steps) }
            monitor.wait(seconds: Self.longestWait)
            if let steps = lease(request) { return .steps(steps) }
            return book.hear(of: request.worker, at: now) ? .pause : .refused("it was given up")
        }
    }

    private func lease(_ request: LeaseRequest) -> Range<Int>? {
        book.lease(to: request.worker, atMost: request.most, at: now)
    }

    /// How a wait for steps has ended.
    package enum Outcome: Sendable, Equatable {
        /// All steps have been taken.
        case complete
        /// The run was stopped at a step boundary of every worker.
        case stopped
        /// No worker is left.
        case deserted
    }

    /// Lets workers take steps until a total is reached, no worker is left, or the run is stopped.
    ///
    /// Then every worker is at a step boundary, and none takes steps until the next call.
    ///
    /// - Parameters:
    ///   - onLoss: called for each worker that is lost, once.
    ///   - isStopped: called about fifty times a second; once it returns `true`, no more steps are leased.
    ///   - onStop: called once, when steps are no longer leased, to ask the workers to return what they have.
    package func takeSteps(
        upTo total: Int, onLoss: (LeaseBook.Loss) -> Void = { _ in }, isStopped: () -> Bool = { false },
        onStop: () -> Void = {}
    ) -> Outcome {
        monitor.withLock {
            book.proceed()
            book.grant(upTo: total)
            monitor.wakeAll()
        }
        while true {
            let (ending, new): (Outcome?, [LeaseBook.Loss]) = monitor.withLock {
                losses += book.expire(at: now)
                defer { losses = [] }
                return (outcome, losses)
            }
            for loss in new { onLoss(loss) }
            if let ending { return ending }
            if isStopped(), monitor.withLock({ stop() }) { onStop() }
            monitor.withLock { if !book.isComplete, !book.members.isEmpty { monitor.wait(seconds: Self.pollInterval) } }
        }
    }

    /// - Returns: whether it was not stopped before.
    private func stop() -> Bool {
        defer { book.stop() }
        return !book.isStopped
    }

    private var outcome: Outcome? {
        if book.isComplete { return .complete }
        if book.members.isEmpty { return .deserted }
        return book.isStopped && book.isQuiet ? .stopped : nil
    }
}
