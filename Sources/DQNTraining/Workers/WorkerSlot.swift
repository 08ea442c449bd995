internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Synchronization

/// A worker's place in a run: what the trainer records about the worker, even if it does not exist.
///
/// `@unchecked Sendable`: the worker's thread writes `worker`, `state`, `unreportedStatistics` and `lastRun`
/// during a job, and the trainer reads them between jobs; the pool's monitor separates the two. A thread that has been
/// detached can no longer write, because it writes only through ``publish(_:)``, under a lock. The counts are atomic.
final class WorkerSlot: @unchecked Sendable {
    let index: Int
    /// The worker's counts, readable even if the worker does not respond.
    let counts: WorkerCounts
    /// The worker; `nil` before it is created and after it has finished.
    var worker: Worker?
    /// The state at the worker's last snapshot, or the one it was restored from.
    var state: WorkerState?
    /// Statistics of a finished worker that no row of metrics contains yet.
    var unreportedStatistics = TrainingStatistics()
    /// When the worker last started to take steps, and when it stopped.
    var lastRun: (started: ContinuousClock.Instant, stopped: ContinuousClock.Instant)?

    /// An environment for the worker that exists already, if any.
    let preparedEnvironment: EnvironmentBox?
    /// States of the worker's environments in the run's origin, for what they keep across episodes.
    let keptEnvironments: [StateSnapshot?]
    private let lock = Lock()
    private var isDetached = false

    init(
        index: Int, state: WorkerState?, preparedEnvironment: EnvironmentBox?, keptEnvironments: [StateSnapshot?] = []
    ) {
        self.index = index
        self.keptEnvironments = keptEnvironments
        self.state = state
        self.preparedEnvironment = preparedEnvironment
        counts = WorkerCounts(agentSteps: state?.agentSteps ?? 0)
    }

    /// Lets the worker's thread write to the slot, unless it has been detached.
    func publish(_ body: () -> Void) { lock.withLock { if !isDetached { body() } } }

    /// Keeps the worker's thread from writing to the slot again.
    func detach() { lock.withLock { isDetached = true } }

    /// Whether there is a worker that may take steps.
    var isActive: Bool { worker != nil }

    /// Releases a finished worker with all its memory. Its last state has no replay, because it will not learn again.
    func releaseFinishedWorker() {
        guard let worker else { return }
        let finalState = worker.finalState
        publish {
            unreportedStatistics = worker.learner.statistics
            state = finalState
            self.worker = nil
        }
    }

    /// The state for a checkpoint: the last snapshot, or an empty abandoned state if there is none.
    var checkpointState: WorkerState {
        state
            ?? WorkerState(
                generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0,
                recentReturns: [], recentLengths: [], replay: nil, status: .abandoned)
    }
}

/// What a worker has done so far; readable at any time from any thread.
final class WorkerCounts: Sendable {
    private let steps: PaddedCount
    private let endedEpisodes = Atomic<Int>(0)

    init(agentSteps: Int) { steps = PaddedCount(agentSteps) }

    /// Agent steps since the worker's start.
    var agentSteps: Int { steps.value }
    /// Episodes that have ended in this process.
    var episodes: Int { endedEpisodes.load(ordering: .relaxed) }
    func countStep() { steps.add(1) }
    func countEpisode() { endedEpisodes.add(1, ordering: .relaxed) }
}
