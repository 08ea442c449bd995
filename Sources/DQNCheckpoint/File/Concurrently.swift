internal import DQNModel
internal import DQNSupport
internal import Foundation

// Threads of their own instead of Dispatch's: where the system refuses a thread, because of `ulimit` or a control
// group, Dispatch tries again forever, and the caller waits. Here the caller does the work itself.

/// Work on another thread while the caller continues.
final class Concurrently<Value: Sendable>: Sendable {
    private let work: Work<Value>
    private let thread: JobThread

    init(_ body: @escaping @Sendable () throws(CheckpointError) -> Value) {
        let work = Work(body)
        self.work = work
        thread = JobThread(name: "dqn-save-part") { work.run() }
    }

    /// Waits for the work and returns its result.
    func value() throws(CheckpointError) -> Value {
        if thread.startError == nil { thread.join() } else { work.run() }
        return try work.result()
    }
}

/// A piece of work that is done once.
///
/// `@unchecked Sendable`: `finished` is accessed only with the lock held.
private final class Work<Value: Sendable>: @unchecked Sendable {
    private let body: @Sendable () throws(CheckpointError) -> Value
    private let lock = Lock()
    private var finished: Result<Value, CheckpointError>?

    init(_ body: @escaping @Sendable () throws(CheckpointError) -> Value) { self.body = body }

    /// Does the work unless it is done.
    func run() {
        lock.withLock {
            guard finished == nil else { return }
            do throws(CheckpointError) { finished = .success(try body()) } catch { finished = .failure(error) }
        }
    }

    func result() throws(CheckpointError) -> Value {
        guard let result = lock.withLock({ finished }) else { preconditionFailure("work must run before its result") }
        return try result.get()
    }
}

extension Array where Element: Sendable {
    /// Maps the elements on all cores; the results keep the order.
    ///
    /// - Parameter stackSize: bytes of the stack of each additional thread.
    /// - Throws: The error of the first element that failed.
    package func concurrentlyMapped<Value: Sendable>(
        stackSize: Int = 1 << 20, _ body: @escaping @Sendable (Element) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> [Value] {
        let results = Results<Value>(count: count)
        let work: @Sendable () -> Void = {
            while let index = results.claim() {
                do throws(CheckpointError) { results.set(index, .success(try body(self[index]))) } catch {
                    results.set(index, .failure(error))
                }
            }
        }
        let helpers = Swift.min(count, ProcessInfo.processInfo.activeProcessorCount) - 1
        let threads = (0..<Swift.max(helpers, 0)).map { _ in
            JobThread(name: "dqn-chunks", stackSize: stackSize, body: work)
        }
        work()
        for thread in threads { thread.join() }
        var values: [Value] = []
        for result in results.all { values.append(try result.get()) }
        return values
    }
}

/// Results by index, written by several threads.
///
/// `@unchecked Sendable`: the variables are accessed only with the lock held.
private final class Results<Value: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var values: [Result<Value, CheckpointError>?]
    private var claimed = 0

    init(count: Int) { values = Array(repeating: nil, count: count) }

    /// Returns the next index that no thread works on; `nil` if there is none.
    func claim() -> Int? {
        lock.withLock {
            guard claimed < values.count else { return nil }
            claimed += 1
            return claimed - 1
        }
    }

    func set(_ index: Int, _ value: Result<Value, CheckpointError>) { lock.withLock { values[index] = value } }

    /// All results; call it only after all have been set.
    var all: [Result<Value, CheckpointError>] { lock.withLock { values.compactMap(\.self) } }
}
