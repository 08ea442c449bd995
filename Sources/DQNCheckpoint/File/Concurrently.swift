internal import DQNModel
internal import DQNSupport
internal import Dispatch

/// Work on another thread while the caller continues.
///
/// `@unchecked Sendable`: `result` is written before the work leaves the group and read only after waiting for the
/// group.
final class Concurrently<Value: Sendable>: @unchecked Sendable {
    private let group = DispatchGroup()
    private var result: Result<Value, CheckpointError>?

    init(_ body: @escaping @Sendable () throws(CheckpointError) -> Value) {
        DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
            do throws(CheckpointError) { result = .success(try body()) } catch { result = .failure(error) }
        }
    }

    /// Waits for the work and returns its result.
    func value() throws(CheckpointError) -> Value {
        group.wait()
        guard let result else { preconditionFailure("finished work must leave a result") }
        return try result.get()
    }
}

extension Array where Element: Sendable {
    /// Maps the elements on all cores; the results keep the order.
    ///
    /// - Throws: The error of the first element that failed.
    func concurrentlyMapped<Value: Sendable>(
        _ body: @Sendable (Element) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> [Value] {
        let results = Results<Value>(count: count)
        withoutActuallyEscaping(body) { body in
            DispatchQueue.concurrentPerform(iterations: count) { index in
                do throws(CheckpointError) { results.set(index, .success(try body(self[index]))) } catch {
                    results.set(index, .failure(error))
                }
            }
        }
        var values: [Value] = []
        for result in results.all { values.append(try result.get()) }
        return values
    }
}

/// Results by index, written by several threads.
///
/// `@unchecked Sendable`: `values` is accessed only with the lock held.
private final class Results<Value: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var values: [Result<Value, CheckpointError>?]

    init(count: Int) { values = Array(repeating: nil, count: count) }

    func set(_ index: Int, _ value: Result<Value, CheckpointError>) { lock.withLock { values[index] = value } }

    /// All results; call it only after all have been set.
    var all: [Result<Value, CheckpointError>] { lock.withLock { values.compactMap(\.self) } }
}
