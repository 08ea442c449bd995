public import DQNModel
internal import DQNSupport
internal import Foundation

/// Saves checkpoints in the background: the chief hands over a state by value and goes on at once.
///
/// Everything that takes time (compression, digests, HDF5, synchronising, verification, renaming, retention) happens on
/// the saver's own thread. One save is under way at a time and one may wait; who asks for a third waits until there is
/// room, so that none is ever left out. Who calls ``waitForRoom()`` before taking a state holds no more than two. A save that fails leaves earlier files as
/// they were and frees what it held; the next one has nothing to do with it.
///
/// Only one thread may save, the chief: a saver is not `Sendable`, so the compiler keeps it there. The directory is locked against other savers, in this process
/// and others, as long as this one lives.
public final class ChiefSaver {
    /// What became of a save.
    public struct Outcome: Sendable {
        /// Agent steps of the checkpoint.
        public let agentSteps: Int
        /// The file, or why there is none.
        public let result: Result<CheckpointStore.Receipt, CheckpointError>
        /// What the saver's thread took.
        public let duration: Duration
    }

    private let queue: RequestQueue
    private let thread: JobThread

    /// Takes a store over; nobody else may use it from now on.
    ///
    /// - Throws: ``CheckpointError``: `locked` when somebody else saves there, `inputOutput`.
    public convenience init(_ store: sending CheckpointStore) throws(CheckpointError) {
        try self.init(store, lineage: nil)
    }

    /// Takes a store over, and records in `lineage` what each checkpoint came from.
    package init(_ store: sending CheckpointStore, lineage: Lineage?) throws(CheckpointError) {
        try store.lock()
        let queue = RequestQueue(store, lineage)
        self.queue = queue
        thread = JobThread(name: "dqn-saver") { queue.work() }
        if let reason = thread.startError {
            throw CheckpointError(
                code: .inputOutput, message: "The thread that saves checkpoints could not be started: \(reason).")
        }
    }

    /// Waits until what was handed over is saved, and gives the directory free.
    deinit {
        queue.close()
        thread.join()
    }

    /// Hands a checkpoint over. Returns before anything is written; what becomes of it, ``finished()`` tells.
    ///
    /// Cost: none, unless two saves are under way or waiting already. Changing what the state was taken from changes
    /// nothing of what is saved.
    /// - Parameter replacing: as in ``CheckpointStore/commit(_:replacing:)``.
    public func save(_ checkpoint: Checkpoint, replacing: Bool = false) {
        queue.put(RequestQueue.Request(checkpoint: checkpoint, replacing: replacing))
    }

    /// Waits until no save is waiting for another.
    public func waitForRoom() { queue.waitForRoom() }

    /// The saves that have ended since this was last asked, in order; never waits.
    public func finished() -> [Outcome] { queue.takeOutcomes(waiting: false) }

    /// Waits until everything that was handed over is saved or has failed; gives what ``finished()`` would.
    public func finish() -> [Outcome] { queue.takeOutcomes(waiting: true) }
}

/// What the chief and the saver's thread share.
///
/// `@unchecked Sendable`: `waiting`, `isBusy`, `isClosing` and `outcomes` are touched with the monitor held; `store` and
/// `lineage` by the saver's thread alone.
private final class RequestQueue: @unchecked Sendable {
    struct Request {
        let checkpoint: Checkpoint
        let replacing: Bool
    }

    private let monitor = Monitor()
    private let store: CheckpointStore
    private var lineage: Lineage?
    private var waiting: Request?
    private var isBusy = false
    private var isClosing = false
    private var outcomes: [ChiefSaver.Outcome] = []

    init(_ store: CheckpointStore, _ lineage: Lineage?) {
        self.store = store
        self.lineage = lineage
    }

    func waitForRoom() {
        monitor.withLock { while waiting != nil { monitor.wait(seconds: 60) } }
    }

    func put(_ request: Request) {
        monitor.withLock {
            while waiting != nil { monitor.wait(seconds: 60) }
            waiting = request
            monitor.wakeAll()
        }
    }

    func takeOutcomes(waiting isWaiting: Bool) -> [ChiefSaver.Outcome] {
        monitor.withLock {
            while isWaiting, waiting != nil || isBusy { monitor.wait(seconds: 60) }
            defer { outcomes = [] }
            return outcomes
        }
    }

    /// Lets the saver's thread end once nothing is left to do; it then gives the directory free.
    func close() {
        monitor.withLock {
            isClosing = true
            monitor.wakeAll()
        }
    }

    /// What the saver's thread does.
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
            while waiting == nil, !isClosing { monitor.wait(seconds: 60) }
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
            var receipt = try store.commit(request.checkpoint, replacing: request.replacing)
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
