internal import DQNSupport

/// The one thread of the process that calls libhdf5. It lives as long as the process.
struct OwnerThread: Sendable {
    static let shared = OwnerThread()

    private let thread = JobThread(name: "hdf5")
    /// Why there is no thread or no library; every call of a session then throws it.
    private let failure: HDF5Error?
    /// Read on the thread after ``Library/start()``: the call that reads it initialises the library, and start() fails
    /// if the library is already initialised.
    let libraryVersion: String

    private init() {
        if let reason = thread.startError {
            failure = HDF5Error(
                code: .libraryUnavailable, message: "The HDF5 thread could not be started: \(reason).")
            libraryVersion = Library.version()
            return
        }
        let started = Mailbox<HDF5Error>()
        let version = Mailbox<String>()
        let isDone = thread.runAndWait {
            started.value = Library.start()
            version.value = Library.version()
        }
        failure = started.value
        guard isDone, let version = version.value else { preconditionFailure("a finished HDF5 job left no result") }
        libraryVersion = version
    }

    /// Runs `body` on the thread and waits for it; runs it at once when called on that thread.
    func run<Value: Sendable, Failure: Error>(
        _ body: @Sendable (borrowing HDF5.Session) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        if failure != nil || thread.isCurrent { return try body(HDF5.Session(failure: failure)) }
        let outcome = Mailbox<Result<Value, Failure>>()
        let isDone = withoutActuallyEscaping(body) { body in
            thread.runAndWait {
                Library.unreportedFailure = nil
                do throws(Failure) {
                    outcome.value = .success(try body(HDF5.Session(failure: nil)))
                } catch {
                    outcome.value = .failure(error)
                }
            }
        }
        guard isDone, let result = outcome.value else { preconditionFailure("a finished HDF5 job left no result") }
        return try result.get()
    }
}

/// Carries a value from the owner thread to the thread that waits for it.
///
/// `@unchecked Sendable`: written before the job counts as finished and read after that, both under the thread's
/// monitor.
private final class Mailbox<Value>: @unchecked Sendable {
    var value: Value?
}
