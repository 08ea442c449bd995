internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Foundation
internal import Synchronization

/// A worker's thread: does one job after another for the chief, and whatever happens to it becomes known.
///
/// `@unchecked Sendable`: `state` and `job` are touched only with the monitor held; the rest never changes.
final class WorkerThread: @unchecked Sendable {
    /// What a thread is at.
    enum State {
        /// Waiting for a job; the error of the last one, if it threw.
        case idle(failure: (any Error)?)
        case busy
        /// It has ended without being told to: nothing can be asked of it any more.
        case gone
    }

    /// Counts steps: as long as it rises, the thread is at work and not stuck.
    let heartbeat = Heartbeat()
    private let monitor: Monitor
    private var state = State.idle(failure: nil)
    private var job: (@Sendable () throws -> Void)?
    private var isDismissed = false

    /// Starts a thread.
    ///
    /// - Parameter monitor: shared by all threads of a crew, so that the chief waits for all of them at once.
    init(name: String, monitor: Monitor) {
        self.monitor = monitor
        let thread = Thread { [self] in
            // Runs when the thread ends in any way, also by `pthread_exit` inside somebody's environment.
            let watch = ThreadEnd { [self] in
                monitor.withLock {
                    state = .gone
                    monitor.wakeAll()
                }
            }
            work()
            watch.cancel()
        }
        thread.name = name
        // Convolutions keep their scratch memory on the heap; environments are strangers' code.
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func work() {
        while let job = next() {
            var failure: (any Error)?
            do { try job() } catch { failure = error }
            monitor.withLock {
                state = .idle(failure: failure)
                monitor.wakeAll()
            }
        }
    }

    private func next() -> (@Sendable () throws -> Void)? {
        monitor.withLock {
            while job == nil, !isDismissed { monitor.wait(seconds: 60) }
            defer { job = nil }
            return job
        }
    }

    /// Gives the thread a job; called with the monitor held, while idle.
    func start(_ job: @escaping @Sendable () throws -> Void) {
        self.job = job
        state = .busy
        monitor.wakeAll()
    }

    /// What the thread is at; called with the monitor held.
    var current: State { state }

    /// Lets the thread end after its job, if it has one.
    func dismiss() {
        monitor.withLock {
            isDismissed = true
            monitor.wakeAll()
        }
    }
}

/// A count that rises while something is alive.
final class Heartbeat: Sendable {
    private let count = Atomic<Int>(0)
    /// Says that a step is done.
    func beat() { count.add(1, ordering: .relaxed) }
    /// The beats so far.
    var beats: Int { count.load(ordering: .relaxed) }
}

/// Calls back when the thread that made it ends, unless cancelled: a destructor of thread-specific data, which runs
/// where `defer` does not.
///
/// `@unchecked Sendable`: made, cancelled and called on one thread.
private final class ThreadEnd: @unchecked Sendable {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        #if os(Linux)
            pthread_key_create(&key) { pointer in
                guard let pointer else { return }
                Unmanaged<ThreadEnd>.fromOpaque(pointer).takeRetainedValue().callBack()
            }
        #else
            pthread_key_create(&key) { pointer in
                Unmanaged<ThreadEnd>.fromOpaque(pointer).takeRetainedValue().callBack()
            }
        #endif
        return key
    }()

    private let callBack: () -> Void

    init(_ callBack: @escaping () -> Void) {
        self.callBack = callBack
        pthread_setspecific(Self.key, Unmanaged.passRetained(self).toOpaque())
    }

    func cancel() {
        pthread_setspecific(Self.key, nil)
        Unmanaged.passUnretained(self).release()
    }
}
