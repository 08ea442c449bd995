internal import CDQNSupport
internal import Foundation

/// A thread that runs one body, or one job after another.
///
/// Its end is detected in every case: the body returns, a job calls `pthread_exit` (it may run third-party code), or
/// the thread was dismissed and has no job left. A thread that runs jobs is dismissed when its last reference is
/// released.
package final class JobThread: Sendable {
    private let life: ThreadLife
    /// Guards the thread's state, and signals its end and the end of each job.
    package let monitor: Monitor
    /// Why the system did not start the thread, which then counts as ended; `nil` if it did.
    package let startError: SystemError?

    /// Starts a thread that runs a body.
    ///
    /// - Parameters:
    ///   - name: at most 15 bytes are shown by Linux's tools.
    ///   - stackSize: bytes; a multiple of the page size.
    ///   - monitor: pass one to several threads to wait for all of them at once.
    ///   - heartbeat: shows the thread's progress; by default to whoever waits for the thread that starts it.
    package convenience init(
        name: String, stackSize: Int = 8 << 20, monitor: Monitor = Monitor(), heartbeat: Heartbeat? = .current,
        body: @escaping @Sendable () -> Void
    ) {
        self.init(ThreadLife(name: name, monitor: monitor, heartbeat: heartbeat, body: body), stackSize)
    }

    /// Starts a thread that runs jobs in the order of their arrival; parameters as above.
    package convenience init(
        name: String, stackSize: Int = 8 << 20, monitor: Monitor = Monitor(), heartbeat: Heartbeat? = .current
    ) {
        self.init(ThreadLife(name: name, monitor: monitor, heartbeat: heartbeat, body: nil), stackSize)
    }

    private init(_ life: ThreadLife, _ stackSize: Int) {
        self.life = life
        monitor = life.monitor
        let status = life.start(stackSize: stackSize)
        startError = status == 0 ? nil : SystemError(status)
    }

    deinit { dismiss() }

    /// The heartbeat of the calling thread; `nil` if it has none.
    static var heartbeatOfCaller: Heartbeat? { ThreadLife.ofCaller?.heartbeat }

    /// Whether the caller runs on this thread.
    package var isCurrent: Bool { life.isCurrent }

    /// Whether the thread has ended; called with the monitor held.
    package var hasEnded: Bool { life.hasEnded }

    /// Whether a job is waiting, running, or was cut short by the thread's end; called with the monitor held.
    package var isBusy: Bool { life.finished < life.submitted }

    /// Hands over a job; called with the monitor held.
    package func submit(_ job: @escaping @Sendable () -> Void) { life.submit(job) }

    /// Runs a job on the thread and waits for its end; must not be called on the thread itself.
    ///
    /// - Returns: whether the job has finished; `false` if the thread ended first.
    package func runAndWait(_ job: @escaping @Sendable () -> Void) -> Bool {
        monitor.withLock {
            let number = life.submit(job)
            while life.finished < number {
                if life.hasEnded { return false }
                monitor.wait(seconds: 60)
            }
            return true
        }
    }

    /// Lets a thread that runs jobs end after its remaining jobs.
    package func dismiss() {
        monitor.withLock {
            life.isDismissed = true
            monitor.wakeAll()
        }
    }

    /// Waits for the thread's end.
    package func join() {
        monitor.withLock { while !life.hasEnded { monitor.wait(seconds: 60) } }
    }
}

/// The state that a thread shares with the references to it.
///
/// `@unchecked Sendable`: the variables are accessed only with the monitor held.
private final class ThreadLife: @unchecked Sendable {
    /// Holds the current thread's `ThreadLife`, and ends it when the thread ends: unlike `defer`, the destructor of
    /// thread-specific data also runs after `pthread_exit`.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        #if canImport(Darwin)
            pthread_key_create(&key) { Unmanaged<ThreadLife>.fromOpaque($0).takeRetainedValue().end() }
        #else
            pthread_key_create(&key) { life in
                guard let life else { return }
                Unmanaged<ThreadLife>.fromOpaque(life).takeRetainedValue().end()
            }
        #endif
        return key
    }()

    /// The life of the calling thread; `nil` for a thread that was started in another way.
    static var ofCaller: ThreadLife? {
        pthread_getspecific(key).map { Unmanaged<ThreadLife>.fromOpaque($0).takeUnretainedValue() }
    }

    let monitor: Monitor
    let heartbeat: Heartbeat?
    private let name: String
    private let body: (@Sendable () -> Void)?
    private var jobs: [@Sendable () -> Void] = []
    private(set) var submitted = 0
    private(set) var finished = 0
    private(set) var hasEnded = false
    var isDismissed = false

    init(name: String, monitor: Monitor, heartbeat: Heartbeat?, body: (@Sendable () -> Void)?) {
        self.name = name
        self.monitor = monitor
        self.heartbeat = heartbeat
        self.body = body
    }

    /// Starts the thread.
    ///
    /// - Returns: the system's error number, or 0.
    func start(stackSize: Int) -> Int32 {
        let retained = Unmanaged.passRetained(self)
        let status = withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { attributes in
            // One element, initialised by the first call and used by no other thread.
            guard let attributes = attributes.baseAddress, pthread_attr_init(attributes) == 0 else { return ENOMEM }
            defer { pthread_attr_destroy(attributes) }
            pthread_attr_setstacksize(attributes, stackSize)
            pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
            #if canImport(Darwin)
                var thread: pthread_t?
            #else
                var thread = pthread_t()
            #endif
            return pthread_create(&thread, attributes, { ThreadLife.main($0) }, retained.toOpaque())
        }
        if status != 0 {
            retained.release()
            monitor.withLock { hasEnded = true }
        }
        return status
    }

    var isCurrent: Bool {
        pthread_getspecific(Self.key) == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    @discardableResult
    func submit(_ job: @escaping @Sendable () -> Void) -> Int {
        submitted += 1
        jobs.append(job)
        monitor.wakeAll()
        return submitted
    }

    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        // From here on the thread owns the reference that `start` made; the key's destructor releases it.
        pthread_setspecific(key, context)
        let life = Unmanaged<ThreadLife>.fromOpaque(context).takeUnretainedValue()
        dqn_thread_set_name(life.name)
        CrashMark.coverThread()
        if let body = life.body { body() } else { life.runJobs() }
        return nil
    }

    private func runJobs() {
        while runNextJob() {
            monitor.withLock {
                finished += 1
                monitor.wakeAll()
            }
        }
    }

    /// Runs the next job and releases it, so that nothing refers to it when it counts as finished.
    ///
    /// - Returns: whether there was one.
    private func runNextJob() -> Bool {
        guard let job = nextJob() else { return false }
        Processors.beginJob()
        defer { Processors.endJob() }
        #if canImport(ObjectiveC)
            autoreleasepool { job() }
        #else
            job()
        #endif
        return true
    }

    private func nextJob() -> (@Sendable () -> Void)? {
        monitor.withLock {
            while jobs.isEmpty, !isDismissed { monitor.wait(seconds: 60) }
            return jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }

    private func end() {
        monitor.withLock {
            hasEnded = true
            monitor.wakeAll()
        }
    }
}
