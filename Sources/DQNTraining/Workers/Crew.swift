internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// The workers' threads as the chief sees them: gives all of them a job and waits until each has ended it, or shows that
/// it never will.
///
/// Not thread-safe: the chief alone uses it.
final class Crew {
    /// Why a worker cannot go on.
    enum Trouble {
        /// Its job threw.
        case failed(any Error)
        /// Its thread has ended.
        case died
        /// It has not finished a step for so many seconds.
        case unresponsive(seconds: Double)
    }

    /// How often the chief looks up while it waits, in seconds.
    private static let lookout = 0.02

    private let monitor = Monitor()
    private let threads: [WorkerThread]
    /// Seconds without a step after which a worker counts as stuck.
    private let timeout: Double
    /// Workers whose threads will never do anything again.
    private(set) var lost: Set<Int> = []

    init(count: Int, timeout: Double) {
        self.timeout = timeout
        let monitor = monitor
        threads = (0..<count).map { WorkerThread(name: "dqn-\($0)", monitor: monitor) }
    }

    deinit { for thread in threads { thread.dismiss() } }

    /// Lets one worker's thread end.
    func dismiss(_ index: Int) { threads[index].dismiss() }

    /// Has workers do a job each and waits for all of them.
    ///
    /// - Parameters:
    ///   - indices: the workers; those that are lost are passed over.
    ///   - job: runs on the worker's own thread.
    ///   - onTrouble: called as soon as one worker is in trouble, so that the others can be stopped.
    ///   - whileWaiting: called some fifty times a second.
    /// - Returns: the workers in trouble, with what it is.
    func perform(
        on indices: some Sequence<Int>, _ job: @escaping @Sendable (Int, Heartbeat) throws -> Void,
        onTrouble: () -> Void = {}, whileWaiting: () -> Void = {}
    ) -> [Int: Trouble] {
        var watches: [Int: (beats: Int, silence: Double)] = [:]
        let clock = ContinuousClock()
        var lastLook = clock.now
        monitor.withLock {
            for index in indices where !lost.contains(index) {
                let heartbeat = threads[index].heartbeat
                watches[index] = (heartbeat.beats, 0)
                threads[index].start { try job(index, heartbeat) }
            }
        }
        var troubles: [Int: Trouble] = [:]
        while true {
            // A process that was suspended has not been waiting: no gap counts for more than a second.
            let now = clock.now
            let gap = min((now - lastLook) / .seconds(1), 1)
            lastLook = now
            let found = look(&watches, after: gap)
            if !found.isEmpty {
                troubles.merge(found) { first, _ in first }
                onTrouble()
            }
            if watches.isEmpty { break }
            whileWaiting()
            monitor.withLock {
                if watches.keys.allSatisfy({ isBusy($0) }) { monitor.wait(seconds: Self.lookout) }
            }
        }
        return troubles
    }

    private func isBusy(_ index: Int) -> Bool {
        if case .busy = threads[index].current { return true }
        return false
    }

    /// Strikes off who has finished and tells who is in trouble.
    private func look(
        _ watches: inout [Int: (beats: Int, silence: Double)], after gap: Double
    ) -> [Int: Trouble] {
        var troubles: [Int: Trouble] = [:]
        monitor.withLock {
            for (index, watch) in watches {
                switch threads[index].current {
                case .idle(let failure):
                    watches[index] = nil
                    if let failure { troubles[index] = .failed(failure) }
                case .gone:
                    watches[index] = nil
                    lost.insert(index)
                    troubles[index] = .died
                case .busy:
                    let beats = threads[index].heartbeat.beats
                    if beats != watch.beats {
                        watches[index] = (beats, 0)
                    } else if watch.silence + gap <= timeout {
                        watches[index] = (beats, watch.silence + gap)
                    } else {
                        watches[index] = nil
                        lost.insert(index)
                        troubles[index] = .unresponsive(seconds: timeout)
                    }
                }
            }
        }
        return troubles
    }
}
