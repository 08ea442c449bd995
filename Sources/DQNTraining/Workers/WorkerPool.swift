internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// The workers' threads: gives each of them a job and waits until each has finished, failed or timed out.
///
/// Not thread-safe: only the trainer uses it.
final class WorkerPool {
    /// How often a waiting trainer checks its workers, in seconds.
    private static let pollInterval = 0.02

    private let monitor = Monitor()
    private let threads: [WorkerThread]
    /// Time without a step after which a worker counts as stuck.
    private let timeout: Duration
    /// More of it for a worker that creates an environment within a job.
    private let startTimeout: Duration
    /// Workers whose threads have ended or are stuck; they get no more jobs.
    private(set) var lost: Set<Int> = []

    /// What the pool monitors while a worker is busy.
    private struct Watch {
        /// The heartbeat's count when it last changed.
        var beats: Int
        /// Time since then.
        var silence = 0.0
    }

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - timeout: time without a step after which a worker counts as stuck.
    ///   - startTimeout: is added to it while a worker creates an environment (``Heartbeat/starting(_:)``).
    ///   - name: of the threads, before their index.
    init(count: Int, timeout: Duration, startTimeout: Duration = .zero, name: String = "dqn") {
        self.timeout = timeout
        self.startTimeout = startTimeout
        let monitor = monitor
        threads = (0..<count).map { WorkerThread(name: "\(name)-\($0)", monitor: monitor) }
    }

    deinit { for thread in threads { thread.dismiss() } }

    /// Lets one worker's thread end.
    func dismiss(_ index: Int) { threads[index].dismiss() }

    /// Runs a job on each worker's thread and waits for all of them.
    ///
    /// - Parameters:
    ///   - indices: the workers; lost ones are skipped.
    ///   - job: runs on the worker's own thread.
    ///   - onFailure: called as soon as a worker fails, to stop the others.
    ///   - whileWaiting: called about fifty times a second.
    /// - Returns: the failures by worker.
    func perform(
        on indices: some Collection<Int>, _ job: @escaping @Sendable (Int, Heartbeat) throws -> Void,
        onFailure: () -> Void = {}, whileWaiting: () -> Void = {}
    ) -> [Int: WorkerFailure] {
        start(on: indices, job)
        return wait(for: indices, onFailure: onFailure) {
            whileWaiting()
            return true
        } ?? [:]
    }

    /// Starts a job on each worker's thread and returns; lost workers are skipped.
    func start(on indices: some Collection<Int>, _ job: @escaping @Sendable (Int, Heartbeat) throws -> Void) {
        monitor.withLock {
            for index in indices where !lost.contains(index) {
                let heartbeat = threads[index].heartbeat
                heartbeat.withdrawRequests()
                threads[index].start { try job(index, heartbeat) }
            }
        }
    }

    /// Asks all workers to stop at their next step boundaries. Those that wait for a stopped process continue it.
    func askToStop() { for thread in threads { thread.heartbeat.askToStop() } }

    /// Asks all workers to stop for good. Those that wait for an environment that does not answer give it up soon.
    func askToEnd() { for thread in threads { thread.heartbeat.askToEnd() } }

    /// Asks all workers to stop even within an update.
    func askToCutUpdates() { for thread in threads { thread.heartbeat.askToCutUpdate() } }

    /// Waits for jobs that ``start(on:_:)`` has started. The time without a step counts from this call.
    ///
    /// - Parameters:
    ///   - indices: the workers; lost ones are skipped.
    ///   - onFailure: called as soon as a worker fails, to stop the others.
    ///   - whileWaiting: called about fifty times a second; returns whether to keep waiting.
    /// - Returns: the failures by worker; `nil` if `whileWaiting` has ended the wait.
    func wait(
        for indices: some Collection<Int>, onFailure: () -> Void = {}, whileWaiting: () -> Bool
    ) -> [Int: WorkerFailure]? {
        var watches: [Int: Watch] = [:]
        for index in indices where !lost.contains(index) {
            watches[index] = Watch(beats: threads[index].heartbeat.beats)
        }
        var failures: [Int: WorkerFailure] = [:]
        var time = RunningTime()
        while true {
            let new = check(&watches, after: time.read())
            if !new.isEmpty {
                failures.merge(new) { first, _ in first }
                onFailure()
            }
            if watches.isEmpty { return failures }
            if !whileWaiting() { return nil }
            monitor.withLock {
                if watches.keys.allSatisfy({ isBusy($0) }) { monitor.wait(seconds: Self.pollInterval) }
            }
        }
    }

    private func isBusy(_ index: Int) -> Bool {
        if case .busy = threads[index].current { return true }
        return false
    }

    /// Removes the watches of workers that have finished or failed, and returns the failures.
    private func check(_ watches: inout [Int: Watch], after gap: Double) -> [Int: WorkerFailure] {
        var failures: [Int: WorkerFailure] = [:]
        monitor.withLock {
            for (index, watch) in watches {
                switch threads[index].current {
                case .idle(let error):
                    watches[index] = nil
                    if let error { failures[index] = .failed(error) }
                case .gone:
                    watches[index] = nil
                    lost.insert(index)
                    failures[index] = .died
                case .busy:
                    let heartbeat = threads[index].heartbeat
                    // Before the beats, as a start ends with one.
                    let limit = heartbeat.isStarting ? timeout + startTimeout : timeout
                    let beats = heartbeat.beats
                    if beats != watch.beats {
                        watches[index] = Watch(beats: beats)
                    } else if watch.silence + gap <= limit / .seconds(1) {
                        watches[index]?.silence += gap
                    } else {
                        watches[index] = nil
                        lost.insert(index)
                        failures[index] = .unresponsive(limit)
                    }
                }
            }
        }
        return failures
    }
}
