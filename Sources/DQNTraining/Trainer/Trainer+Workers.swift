internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport

extension Trainer {
    /// Creates each worker on its own thread.
    func startWorkers(_ setup: TrainerSetup) throws {
        let (slots, method, store) = (slots, method, parameters)
        let (configuration, architecture, backend) = (configuration, architecture, setup.backend)
        let (specification, statistics, gymnasium) = (setup.specification, setup.statistics, setup.options.gymnasium)
        let processors = setup.options.processors
        let isNew = setup.isNew
        let failures = pool.perform(on: slots.indices) { index, heartbeat in
            let slot = slots[index]
            let prepared = slot.preparedEnvironment?.take()
            if slot.state?.status == .finished { return }
            let worker = try heartbeat.starting {
                try Worker(
                    LearnerContext(
                        configuration: configuration, architecture: architecture, environment: specification,
                        backend: backend, store: store, worker: index, state: slot.state), method, slot.counts,
                    environments: configuration.makeEnvironments(worker: index, gymnasium, first: prepared),
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
        try throwFirst(of: failures, during: "starting")
        for (index, slot) in slots.enumerated() {
            for (environment, failure) in slot.worker?.restoreFailures ?? [] {
                let place = configuration.environmentsPerWorker > 1 ? "environment \(environment)" : "its environment"
                if isNew {
                    notices.append("worker \(index): \(place) keeps nothing of the checkpoint's (\(failure))")
                    continue
                }
                notices.append("worker \(index) starts a new episode: \(place) cannot be restored (\(failure))")
            }
        }
        if isNew, let frame = slots[0].worker?.frame {
            notices += setup.specification.notices(of: frame, isScaled: configuration.scalesInput)
        }
        if slots.count > 1 || !slots[0].isActive { slots[0].unreportedStatistics = statistics }
        refreshProgress()
    }

    /// Why checkpoints lack the state of an environment; `nil` if they contain all, or none has been taken yet.
    var captureObstacle: String? { slots.lazy.compactMap { $0.worker?.captureObstacle }.first }

    /// Updates the figures that may be read while workers run.
    func refreshProgress() {
        meanEpisodeReturn = pooledReturns().mean
        let rates = slots.compactMap { $0.worker?.explorationRate(at: counters.agentSteps) }
        epsilon = rates.isEmpty ? nil : rates.reduce(0, +) / Double(rates.count)
    }

    /// Stops timed-out workers from publishing state.
    func detachLostWorkers() { for index in pool.lost where index < slots.count { slots[index].detach() } }

    /// Fails the run because the parameter store threw, and returns the error.
    func storeFailed(_ error: any Error, during activity: String) -> TrainingError {
        let storeFailure = WorkerFailure.failed(error)
            .error(of: "The parameter store", at: counters.agentSteps, during: activity)
        failure = failure ?? storeFailure
        return storeFailure
    }

    /// Fails the run if workers have failed, with the error of the first.
    func throwFirst(of failures: [Int: WorkerFailure], during activity: String) throws(TrainingError) {
        guard let (index, failure) = failures.min(by: { $0.key < $1.key }) else { return }
        let error = failure.error(of: "Worker \(index)", at: counters.agentSteps, during: activity)
        self.failure = error
        throw error
    }
}
