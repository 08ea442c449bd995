internal import Foundation

/// The one thread of the process that calls libhdf5.
struct OwnerThread: Sendable {
    static let shared = OwnerThread()

    private let queue = JobQueue()
    /// Why there is no thread or no library; every call of a session then throws it.
    private let failure: HDF5Error?
    /// Asked for on the thread: even that call starts the library up, and whoever comes before ``Library/start()``
    /// makes it fail.
    let libraryVersion: String

    private init() {
        let status = queue.startThread()
        guard status == 0 else {
            failure = HDF5Error(
                code: .libraryUnavailable,
                message: "The HDF5 thread could not be started: \(String(cString: strerror(status))).")
            libraryVersion = Library.version()
            return
        }
        let started = Mailbox<HDF5Error>()
        let version = Mailbox<String>()
        queue.runAndWait {
            started.value = Library.start()
            version.value = Library.version()
        }
        failure = started.value
        guard let version = version.value else { preconditionFailure("a finished HDF5 job left no result") }
        libraryVersion = version
    }

    /// Runs `body` on the thread and waits; at once when this is that thread already.
    func run<Value: Sendable, Failure: Error>(
        _ body: @Sendable (borrowing HDF5.Session) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        if failure != nil || queue.isCurrent { return try body(HDF5.Session(failure: failure)) }
        let outcome = Mailbox<Result<Value, Failure>>()
        withoutActuallyEscaping(body) { body in
            queue.runAndWait {
                Library.unreportedFailure = nil
                do throws(Failure) {
                    outcome.value = .success(try body(HDF5.Session(failure: nil)))
                } catch {
                    outcome.value = .failure(error)
                }
            }
        }
        guard let result = outcome.value else { preconditionFailure("a finished HDF5 job left no result") }
        return try result.get()
    }
}

/// Carries a value from the owner thread to the thread that waits for it.
///
/// `@unchecked Sendable`: written before the job is marked finished and read after, both under the queue's lock.
private final class Mailbox<Value>: @unchecked Sendable {
    var value: Value?
}

/// Jobs in the order of their arrival, run by one thread that lives as long as the process.
///
/// `@unchecked Sendable`: `jobs`, `finished` and `thread` are guarded by `condition`.
private final class JobQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [(number: Int, work: @Sendable () -> Void)] = []
    private var added = 0
    private var finished = 0
    private var thread: pthread_t?

    /// Starts the thread; gives the system's error number, 0 for none.
    func startThread() -> Int32 {
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let retained = Unmanaged.passRetained(self)
        let status = pthread_create(&thread, nil, jobQueueMain, retained.toOpaque())
        guard status == 0 else {
            retained.release()
            return status
        }
        condition.withLock { self.thread = thread }
        return 0
    }

    /// Whether the caller is the queue's own thread.
    var isCurrent: Bool {
        condition.withLock {
            guard let thread else { return false }
            return pthread_equal(thread, pthread_self()) != 0
        }
    }

    /// Runs `work` on the thread and returns when it has ended.
    func runAndWait(_ work: @escaping @Sendable () -> Void) {
        condition.withLock {
            added += 1
            let number = added
            jobs.append((number, work))
            condition.broadcast()
            while finished < number { condition.wait() }
        }
    }

    /// The thread's life: one job after another.
    func loop() -> Never {
        while true {
            condition.lock()
            while jobs.isEmpty { condition.wait() }
            let number = jobs[0].number
            let work = jobs.removeFirst().work
            condition.unlock()
            work()
            condition.withLock {
                finished = number
                condition.broadcast()
            }
        }
    }
}

#if canImport(Darwin)
    private func jobQueueMain(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<JobQueue>.fromOpaque(context).takeRetainedValue().loop()
    }
#else
    private func jobQueueMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        Unmanaged<JobQueue>.fromOpaque(context).takeRetainedValue().loop()
    }
#endif
