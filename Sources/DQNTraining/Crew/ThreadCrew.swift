internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport

/// The workers of this process: a thread each.
package final class ThreadCrew: Crew {
    let configuration: TrainingConfiguration
    let pool: WorkerPool
    let slots: [WorkerSlot]
    let budget: StepBudget
    package private(set) var notices: [String] = []
    package internal(set) var pause: (stopping: Duration, handOver: Duration)?

    /// States of workers beyond the present number; checkpoints keep them.
    private let inactiveWorkers: [WorkerState]
    /// When each worker stopped after it took steps last.
    var lastStops: [ContinuousClock.Instant] = []
    /// What of each worker's counts the trainer has.
    private var countedEpisodes: [Int]
    private var countedSteps: [Int]

    /// How the workers of a process are run.
    struct Means {
        let pool: WorkerPool
        let backend: any ComputeBackend
        let gymnasium: GymnasiumSettings
        let processors: Int
    }

    /// Creates each worker on its own thread.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) if an environment or a learner cannot be created; `ModelError` if a
    ///   stored state does not fit.
    init(_ context: CrewContext, _ slots: [WorkerSlot], _ means: Means) throws {
        configuration = context.configuration
        pool = means.pool
        self.slots = slots
        inactiveWorkers = context.inactiveWorkers
        budget = StepBudget(taken: context.agentSteps)
        countedEpisodes = slots.map { _ in 0 }
        countedSteps = slots.map(\.counts.agentSteps)
        try startWorkers(context, means)
        addNotices(context)
        if slots.count > 1 || !slots[0].isActive { slots[0].unreportedStatistics = context.statistics }
    }

    private func startWorkers(_ context: CrewContext, _ means: Means) throws {
        let (slots, method, store, configuration) = (slots, context.method, context.store, configuration)
        let (architecture, specification, isNew) = (context.architecture, context.specification, context.isNew)
        let (backend, gymnasium, processors) = (means.backend, means.gymnasium, means.processors)
        let statistics = context.statistics
        let failures = pool.perform(on: slots.indices) { place, heartbeat in
            let slot = slots[place]
            let prepared = slot.preparedEnvironment?.take()
            if slot.state?.status == .finished { return }
            let worker = try heartbeat.starting {
                try Worker(
                    LearnerContext(
                        configuration: configuration, architecture: architecture, environment: specification,
                        backend: backend, store: store, worker: slot.index, state: slot.state), method, slot.counts,
                    environments: configuration.makeEnvironments(worker: slot.index, gymnasium, first: prepared),
                    keeping: slot.keptEnvironments, processors: processors)
            }
            // The episodes of an origin belong to another run.
            if isNew { worker.learner.statistics = TrainingStatistics() }
            // A single worker continues the same sums, bit for bit; several workers have separate sums.
            if slots.count == 1 {
                var sums = statistics
                sums.merge(worker.learner.statistics)
                worker.learner.statistics = sums
            }
            slot.publish { slot.worker = worker }
        }
        detachLostWorkers()
        // A stored state that does not fit is the file's fault, not the run's.
        if case .failed(let error as ModelError)? = failures.min(by: { $0.key < $1.key })?.value { throw error }
        if let failure = first(of: failures, during: "starting") { throw failure(context.agentSteps) }
    }

    private func addNotices(_ context: CrewContext) {
        for slot in slots {
            for (environment, failure) in slot.worker?.restoreFailures ?? [] {
                let place = configuration.environmentsPerWorker > 1 ? "environment \(environment)" : "its environment"
                notices.append(
                    context.isNew
                        ? "worker \(slot.index): \(place) keeps nothing of the checkpoint's (\(failure))"
                        : "worker \(slot.index) starts a new episode: \(place) cannot be restored (\(failure))")
            }
        }
        // Once for a run: other processes have the same environment.
        if context.isNew, slots[0].index == 0, let frame = slots[0].worker?.frame {
            notices += context.specification.notices(of: frame, isScaled: configuration.scalesInput)
        }
    }

    package var isActive: Bool { slots.contains { $0.isActive } }
    package var hasOpenUpdate: Bool {
        slots.indices.contains { !pool.lost.contains($0) && slots[$0].worker?.hasOpenUpdate ?? false }
    }
    package var claimedSteps: Int { budget.claimedSteps }
    package var failure: CrewFailure? { nil }
    package var captureObstacle: String? { slots.lazy.compactMap { $0.worker?.captureObstacle }.first }

    package func returnClaims(taken: Int) { budget.reset(taken: taken) }

    package func takeCounts() -> (agentSteps: Int, episodes: Int) {
        var new = (agentSteps: 0, episodes: 0)
        for (place, counts) in slots.map(\.counts).enumerated() {
            let (steps, episodes) = (counts.agentSteps, counts.episodes)
            new.agentSteps += steps - countedSteps[place]
            new.episodes += episodes - countedEpisodes[place]
            countedSteps[place] = steps
            countedEpisodes[place] = episodes
        }
        return new
    }

    package func figures(at totalSteps: Int) -> [WorkerFigures] {
        slots.indices.map { place in
            let (slot, isLost) = (slots[place], pool.lost.contains(place))
            var figures = WorkerFigures(
                index: slot.index, isActive: slot.isActive, agentSteps: slot.counts.agentSteps,
                statistics: isLost ? nil : slot.worker?.learner.statistics,
                // The last episodes of a finished worker still count.
                recentReturns: slot.worker?.recentReturns ?? slot.state?.recentReturns ?? [],
                recentLengths: slot.worker?.recentLengths ?? slot.state?.recentLengths ?? [],
                epsilon: slot.worker?.explorationRate(at: totalSteps))
            if !isLost { figures.unreported = slot.unreportedStatistics }
            return figures
        }
    }

    package func resetStatistics() {
        for slot in slots {
            slot.unreportedStatistics = TrainingStatistics()
            slot.worker?.learner.statistics = TrainingStatistics()
        }
    }

    package func holdStates() -> (states: HeldStates, failure: CrewFailure?) {
        let (states, failure) = saveStates()
        return (HeldStates { () throws(TrainingError) in states }, failure)
    }

    /// Returns the states of all workers, in order, with those that do not run.
    func saveStates() -> (states: [WorkerState], failure: CrewFailure?) {
        let slots = slots
        let failures = pool.perform(on: slots.indices.filter { slots[$0].isActive }) { place, _ in
            let slot = slots[place]
            var environmentError: TrainingError?
            let state = try slot.worker?.snapshot { environmentError = $0 }
            slot.publish { slot.state = state }
            if let environmentError { throw environmentError }
        }
        detachLostWorkers()
        return (
            slots.map(\.checkpointState) + inactiveWorkers, first(of: failures, during: "saving its state")
        )
    }

    /// Stops timed-out workers from publishing state.
    func detachLostWorkers() { for place in pool.lost where place < slots.count { slots[place].detach() } }

    /// The failure of the first worker that has failed.
    func first(of failures: [Int: WorkerFailure], during activity: String) -> CrewFailure? {
        guard let (place, failure) = failures.min(by: { $0.key < $1.key }) else { return nil }
        let name = "Worker \(slots[place].index)"
        return { failure.error(of: name, at: $0, during: activity) }
    }
}
