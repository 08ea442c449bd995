public import DQNModel
internal import DQNSupport
internal import Foundation

/// Saves checkpoints in the background: the chief passes a state by value and continues at once.
///
/// Everything that takes time (compression, digests, HDF5, synchronising, verification, renaming, retention) happens on
/// the saver's own thread. It runs one save at a time and queues one more; a third call waits, so that no save is
/// skipped. Calling ``waitForRoom()`` before taking a state limits the states in memory to two. A failed save leaves
/// earlier files unchanged and does not affect later saves.
///
/// A save begins a few milliseconds after the call, unless somebody waits for it: otherwise it could take a processor
/// just when the chief lets its workers run again, and they would stand still for that time.
///
/// Only the chief's thread may save: a saver is not `Sendable`, so the compiler keeps it there. The saver locks the
/// directory against other savers, in this process and others, for its lifetime.
public final class ChiefSaver {
    /// The result of a save.
    public struct Outcome: Sendable {
        /// Agent steps of the checkpoint.
        public let agentSteps: Int
        /// The file, or the error.
        public let result: Result<CheckpointStore.Receipt, CheckpointError>
        /// The time that the saver's thread needed.
        public let duration: Duration
    }

    private let queue: RequestQueue
    private let thread: JobThread

    /// Starts a saver that takes over a store.
    ///
    /// - Throws: ``CheckpointError``: `locked` if another store holds the lock on the directory, `inputOutput`.
    public convenience init(_ store: sending CheckpointStore) throws(CheckpointError) {
        try self.init(store, lineage: nil)
    }

    /// Starts a saver that takes over a store and records the parent of each checkpoint in `lineage`.
    ///
    /// - Parameter headStart: how long a save leaves the processors to the caller first, unless somebody waits for it.
    package init(
        _ store: sending CheckpointStore, lineage: Lineage?, headStart: Duration = .milliseconds(10)
    ) throws(CheckpointError) {
        try store.lock()
        let queue = RequestQueue(store, lineage, headStart: headStart)
        self.queue = queue
        thread = JobThread(name: "dqn-saver") { queue.work() }
        if let reason = thread.startError {
            throw CheckpointError(
                code: .inputOutput, message: "The thread that saves checkpoints could not be started: \(reason).")
        }
    }

    /// Waits for all saves and releases the directory's lock.
    deinit {
        queue.close()
        thread.join()
    }

    /// Queues a checkpoint and returns before anything is written; ``finished()`` returns the outcome.
    ///
    /// Returns at once unless one save is running and another is queued. Later changes to the caller's state do not
    /// affect the saved one.
    /// - Parameter checkpoint: The state.
    /// - Parameter replacing: As in ``CheckpointStore/commit(_:replacing:)``.
    public func save(_ checkpoint: Checkpoint, replacing: Bool = false) {
        queue.put(RequestQueue.Request(checkpoint: checkpoint, replacing: replacing))
    }

    /// Waits until no save is queued.
    public func waitForRoom() { queue.waitForRoom() }

    /// Returns the outcomes of saves that have ended since the last call, in order; never waits.
    public func finished() -> [Outcome] { queue.takeOutcomes(waiting: false) }

    /// Waits for all saves and returns like ``finished()``.
    public func finish() -> [Outcome] { queue.takeOutcomes(waiting: true) }
}

/// The requests and outcomes that the chief and the saver's thread share.
///
/// `@unchecked Sendable`: `waiting`, `isBusy`, `isClosing`, `waits` and `outcomes` are accessed only with the monitor
/// held, `store` and `lineage` only by the saver's thread.
private final class RequestQueue: @unchecked Sendable {
    struct Request {
        let checkpoint: Checkpoint
        let replacing: Bool
        let time = ContinuousClock.now
    }

    private let monitor = Monitor()
    private let store: CheckpointStore
    private var lineage: Lineage?
    /// The time in which the chief lets its workers run again before a save begins.
    private let headStart: Duration
    private var waiting: Request?
    private var isBusy = false
    private var isClosing = false
    /// Calls that wait for the saver's thread.
    private var waits = 0
    private var outcomes: [ChiefSaver.Outcome] = []

    init(_ store: CheckpointStore, _ lineage: Lineage?, headStart: Duration) {
        self.headStart = headStart
        self.store = store
        self.lineage = lineage
    }

    func waitForRoom() {
        monitor.withLock { wait { waiting != nil } }
    }

    /// Waits while a condition holds, during which nothing is gained by beginning later; called with the monitor held.
    private func wait(while condition: () -> Bool) {
        guard condition() else { return }
        waits += 1
        defer { waits -= 1 }
        monitor.wakeAll()
        while condition() { monitor.wait(seconds: 60) }
    }

    func put(_ request: Request) {
        monitor.withLock {
            wait { waiting != nil }
            waiting = request
            monitor.wakeAll()
        }
    }

    func takeOutcomes(waiting isWaiting: Bool) -> [ChiefSaver.Outcome] {
        monitor.withLock {
            if isWaiting { wait { waiting != nil || isBusy } }
            defer { outcomes = [] }
            return outcomes
        }
    }

    /// Lets the saver's thread end after all saves; it then unlocks the directory.
    func close() {
        monitor.withLock {
            isClosing = true
            monitor.wakeAll()
        }
    }

    /// The body of the saver's thread.
    func work() {
        while let request = next() {
            let outcome = save(request)
            monitor.withLock {
                outcomes.append(outcome)
                isBusy = false
                monitor.wakeAll()
            }
        }
        store.unlock()
    }

    private func next() -> Request? {
        monitor.withLock {
            while true {
                if let waiting {
                    let rest = headStart - (ContinuousClock.now - waiting.time)
                    if rest <= .zero || waits > 0 || isClosing { break }
                    monitor.wait(seconds: rest / .seconds(1))
                } else if isClosing {
                    break
                } else {
                    monitor.wait(seconds: 60)
                }
            }
            defer {
                isBusy = waiting != nil
                waiting = nil
                monitor.wakeAll()
            }
            return waiting
        }
    }

    private func save(_ request: Request) -> ChiefSaver.Outcome {
        let start = ContinuousClock.now
        let result: Result<CheckpointStore.Receipt, CheckpointError>
        do throws(CheckpointError) {
            let notice = lineage?.stageEvent()
            var receipt = try store.commit(request.checkpoint, replacing: request.replacing)
            if let notice { receipt.notices.append(notice) }
            if let notice = lineage?.append(receipt.digest, isReplacement: request.replacing) {
                receipt.notices.append(notice)
            }
            result = .success(receipt)
        } catch { result = .failure(error) }
        return ChiefSaver.Outcome(
            agentSteps: request.checkpoint.counters.agentSteps, result: result,
            duration: ContinuousClock.now - start)
    }
}
