public import DQNCheckpoint
public import DQNLearning
public import DQNModel
internal import DQNNetwork

extension Trainer {
    /// Returns the whole state at this step boundary, by value.
    ///
    /// Replay chunks are shared, not copied. Parameters are copied once, into the memory of an earlier checkpoint if
    /// nothing uses that any more.
    ///
    /// A worker that fails here sets ``failure``. One that does not respond contributes its last state, or is marked
    /// abandoned if there is none; one whose environment cannot be saved is marked abandoned, with the rest of its
    /// state.
    /// - Throws: ``TrainingError`` (`runFailed`) if the parameter store cannot return its state; this sets ``failure``.
    public func checkpoint() throws(TrainingError) -> Checkpoint {
        let slots = slots
        let failures = pool.perform(on: slots.indices.filter { slots[$0].isActive }) { index, _ in
            let slot = slots[index]
            var environmentError: TrainingError?
            let state = try slot.worker?.snapshot { environmentError = $0 }
            slot.publish { slot.state = state }
            if let environmentError { throw environmentError }
        }
        detachLostWorkers()
        if failure == nil, let (index, workerFailure) = failures.min(by: { $0.key < $1.key }) {
            failure = error(for: workerFailure, of: "Worker \(index)", during: "saving its state")
        }
        let state: ParameterState
        do { state = try parameters.snapshot() } catch { throw storeFailed(error, during: "saving the parameters") }
        var checkpoint = Checkpoint(
            writer: .current, configuration: configuration.json, architecture: architecture,
            online: state.online, target: state.target, optimizer: state.optimizer,
            counters: counters, workers: slots.map(\.checkpointState) + inactiveWorkers, evaluation: lastEvaluation,
            bestEvaluation: bestEvaluation, reachedTarget: reachedTarget, statistics: pooledStatistics().values,
            history: history, extensions: foreignExtensions + [provenance].compactMap(\.self))
        checkpoint.moveLearners(of: method)
        return checkpoint
    }

    /// Fails the run because the parameter store threw, and returns the error.
    func storeFailed(_ error: any Error, during activity: String) -> TrainingError {
        let storeFailure = self.error(for: .failed(error), of: "The parameter store", during: activity)
        failure = failure ?? storeFailure
        return storeFailure
    }
}
