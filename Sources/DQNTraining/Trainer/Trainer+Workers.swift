internal import DQNCheckpoint
internal import DQNLearning

extension Trainer {
    /// Why checkpoints lack the state of an environment; `nil` if they contain all, or none has been taken yet.
    var captureObstacle: String? { crew.captureObstacle }

    /// How long the workers paused before the last advance, for example for a save; `nil` before the second one.
    ///
    /// `stopping` is the time from the first worker's stop to the last one's: the wait for the slowest worker. `handOver` is
    /// the time from the last worker's stop until all of them run again: the work between the advances.
    public var pause: (stopping: Duration, handOver: Duration)? { crew.pause }

    /// Updates the figures that may be read while workers run.
    func refreshProgress() {
        meanEpisodeReturn = pooledReturns().mean
        let rates = crew.figures(at: counters.agentSteps).compactMap(\.epsilon)
        epsilon = rates.isEmpty ? nil : rates.reduce(0, +) / Double(rates.count)
    }

    /// Fails the run because the parameter store threw, and returns the error.
    func storeFailed(_ error: any Error, during activity: String) -> TrainingError {
        let storeFailure = WorkerFailure.failed(error)
            .error(of: "The parameter store", at: counters.agentSteps, during: activity)
        failure = failure ?? storeFailure
        return storeFailure
    }
}
