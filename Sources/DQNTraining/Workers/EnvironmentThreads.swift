internal import DQNEnvironments
internal import DQNModel
internal import DQNSupport

/// Threads that step a worker's environments at the same time, since each of them waits for a process.
///
/// Not thread-safe: only the worker uses it.
final class EnvironmentThreads {
    private let environments: [WorkerEnvironment]
    // Each thread has its own monitor, so that it wakes nobody else. Creating the jobs once saves an allocation per step.
    private let threads: [JobThread]
    private let jobs: [@Sendable () -> Void]

    /// Starts a thread for each environment but the first, which the worker's own thread steps.
    init(_ environments: [WorkerEnvironment], worker: Int) {
        self.environments = environments
        threads = environments.indices.dropFirst().map { JobThread(name: "dqn-\(worker)-\($0)") }
        jobs = environments.map { environment in { environment.step() } }
    }

    deinit { for thread in threads { thread.dismiss() } }

    /// Steps environments; returns when all have taken their steps.
    func step(_ range: Range<Int>) {
        for index in range.dropFirst() {
            let (thread, job) = (threads[index - 1], jobs[index])
            thread.monitor.withLock { if !thread.hasEnded { thread.submit(job) } }
        }
        environments[range.lowerBound].step()
        for index in range.dropFirst() { wait(for: index) }
    }

    private func wait(for index: Int) {
        let thread = threads[index - 1]
        let hasFinished = thread.monitor.withLock {
            while thread.isBusy, !thread.hasEnded { thread.monitor.wait(seconds: 60) }
            return !thread.hasEnded
        }
        if !hasFinished {
            environments[index].loseStep(
                EnvironmentError(code: .environmentFailed, message: "The thread that steps it ended unexpectedly."))
        }
    }

    /// Creates values at the same time, each on a thread of its own, in index order.
    ///
    /// - Throws: the first error, by index.
    static func create<Value>(
        _ count: Int, worker: Int, _ make: @escaping @Sendable () throws -> Value
    ) throws -> [Value] {
        let places = (0..<count).map { _ in Place<Value>() }
        let threads = places.indices.map { index in
            JobThread(name: "dqn-\(worker)-\(index)") { places[index].fill(make) }
        }
        for thread in threads { thread.join() }
        return try places.map { try $0.take() }
    }

    /// The result of one thread.
    ///
    /// `@unchecked Sendable`: the thread writes it before its end, and the creator reads it after joining the thread.
    private final class Place<Value>: @unchecked Sendable {
        private var result: Result<Value, any Error>?

        func fill(_ make: () throws -> Value) { result = Result { try make() } }

        func take() throws -> Value {
            guard let result else {
                throw EnvironmentError(
                    code: .environmentFailed, message: "The thread that creates an environment ended unexpectedly.")
            }
            return try result.get()
        }
    }
}
