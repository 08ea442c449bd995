internal import DQNSupport

/// A worker's thread. It runs one job after another for the chief, which detects every way in which a job can end.
///
/// `@unchecked Sendable`: `failure` is accessed only with the monitor held; the rest never changes.
final class WorkerThread: @unchecked Sendable {
    /// What a thread is doing.
    enum State {
        /// Waiting for a job; with the error of the last one, if it threw.
        case idle(failure: (any Error)?)
        case busy
        /// It ended without finishing its job, or never started: it accepts no more jobs.
        case gone
    }

    /// Counts steps: while it rises, the thread makes progress and is not stuck.
    let heartbeat = Heartbeat()
    private let thread: JobThread
    private var failure: (any Error)?

    /// Starts a thread.
    ///
    /// - Parameter monitor: shared by all threads of a run, so that the chief can wait for all of them at once.
    init(name: String, monitor: Monitor) {
        // Convolutions keep their scratch memory on the heap; environments are third-party code.
        thread = JobThread(name: name, stackSize: 8 << 20, monitor: monitor, heartbeat: heartbeat)
    }

    /// Starts a job; called with the monitor held, while idle.
    func start(_ job: @escaping @Sendable () throws -> Void) {
        failure = nil
        thread.submit { [self] in
            do { try job() } catch { thread.monitor.withLock { failure = error } }
        }
    }

    /// What the thread is doing; called with the monitor held.
    var current: State {
        guard thread.isBusy || thread.startError != nil else { return .idle(failure: failure) }
        return thread.hasEnded ? .gone : .busy
    }

    /// Lets the thread end after its job, if it has one.
    func dismiss() { thread.dismiss() }
}
