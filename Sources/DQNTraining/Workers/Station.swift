internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Synchronization

/// A worker's place in a run: what the chief knows of it, whether the worker is there or not.
///
/// `@unchecked Sendable`: the worker's thread writes `worker`, `state`, `leftOver` and `lastRun` within a job and the chief reads
/// them between jobs, which the crew's monitor keeps apart; a thread that was given up can write no more, since it does so
/// through ``publish(_:)`` alone, under a lock; the counts are atomic.
final class Station: @unchecked Sendable {
    let index: Int
    /// What the worker has done, also when it cannot be asked.
    let counts: WorkerCounts
    /// The worker; `nil` before it is made and after it has finished.
    var worker: Worker?
    /// What the worker was at its last snapshot, or where it goes on from.
    var state: WorkerState?
    /// What a worker that has finished had summed up since the last row of the metrics.
    var leftOver = TrainingStatistics()

    init(index: Int, state: WorkerState?) {
        self.index = index
        self.state = state
        counts = WorkerCounts(agentSteps: state?.agentSteps ?? 0)
    }

    /// When the worker last began to take steps, and when it stopped.
    var lastRun: (started: ContinuousClock.Instant, stopped: ContinuousClock.Instant)?

    private let lock = Lock()
    private var isGivenUp = false

    /// Lets the worker's thread write to the station, unless the chief has given it up.
    func publish(_ body: () -> Void) { lock.withLock { if !isGivenUp { body() } } }

    /// Keeps the worker's thread from writing here ever again.
    func giveUp() { lock.withLock { isGivenUp = true } }

    /// Whether there is a worker that may take steps.
    var isActive: Bool { worker != nil }

    /// Lets the worker go with all its memory; what is kept of it has no replay, since it will draw from none again.
    func retire() {
        guard let worker else { return }
        let last = worker.finalState
        publish {
            leftOver = worker.learner.statistics
            state = last
            self.worker = nil
        }
    }

    /// The state of a worker that cannot be asked: its last snapshot, or, where there is none, no more than its name.
    var lastKnown: WorkerState {
        state
            ?? WorkerState(
                generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0,
                recentReturns: [], recentLengths: [], replay: nil, status: .abandoned)
    }
}

/// What a worker has done so far, readable at any time by anybody.
final class WorkerCounts: Sendable {
    private let steps: Atomic<Int>
    private let ended = Atomic<Int>(0)

    init(agentSteps: Int) { steps = Atomic(agentSteps) }

    /// Agent steps since the worker's beginning.
    var agentSteps: Int { steps.load(ordering: .relaxed) }
    /// Episodes that have ended in this process.
    var episodes: Int { ended.load(ordering: .relaxed) }
    func countStep() { steps.add(1, ordering: .relaxed) }
    func countEpisode() { ended.add(1, ordering: .relaxed) }
}
