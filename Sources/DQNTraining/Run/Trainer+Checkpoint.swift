public import DQNCheckpoint
public import DQNLearning
public import DQNModel
internal import DQNNetwork

extension Trainer {
    /// The whole state at this step boundary, by value: replay chunks are shared, parameters copied once, into memory that the last
    /// checkpoint had if nobody holds it any more.
    ///
    /// A worker that cannot tell its state any more contributes its last one, or, where there is none, is marked abandoned;
    /// one whose environment cannot is abandoned with the rest of its state. ``failure`` is set then.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) when the parameters' store cannot give its state; ``failure`` is set then.
    public func checkpoint() throws(TrainingError) -> Checkpoint {
        let stations = stations
        let troubles = crew.perform(on: stations.indices.filter { stations[$0].isActive }) { index, _ in
            var lost: TrainingError?
            let state = try stations[index].worker?.snapshot { lost = $0 }
            stations[index].publish { stations[index].state = state }
            if let lost { throw lost }
        }
        giveUpTheLost()
        if let (index, trouble) = troubles.min(by: { $0.key < $1.key }), failure == nil {
            failure = error(trouble, of: index, doing: "telling its state")
        }
        let state = try parameterState()
        var checkpoint = Checkpoint(
            writer: .current, configuration: configuration.json, architecture: architecture,
            online: state.online, target: state.target, optimizer: state.optimizer, counters: counters,
            workers: stations.map(\.lastKnown) + resting, evaluation: lastEvaluation, bestEvaluation: bestEvaluation,
            reachedTarget: reachedTarget, statistics: pooledStatistics().values, history: history,
            extensions: foreignExtensions + [provenance].compactMap(\.self))
        checkpoint.moveLearners(of: method)
        return checkpoint
    }

    /// The parameters at this step boundary.
    private func parameterState() throws(TrainingError) -> ParameterState {
        do { return try parameters.snapshot() } catch {
            let failure = TrainingError(
                code: .runFailed,
                message:
                    "The parameters cannot be copied for a checkpoint at agent step \(counters.agentSteps): \(error)",
                underlying: error)
            self.failure = self.failure ?? failure
            throw failure
        }
    }

    /// The error of a worker in trouble, with its name and the step.
    func error(_ trouble: Crew.Trouble, of index: Int, doing what: String) -> TrainingError {
        error(trouble, of: "Worker \(index)", doing: what)
    }

    /// The error of somebody in trouble.
    func error(_ trouble: Crew.Trouble, of who: String, doing what: String) -> TrainingError {
        let step = "agent step \(counters.agentSteps)"
        switch trouble {
        case .failed(let error as TrainingError): return error
        case .failed(let error):
            return TrainingError(
                code: .runFailed, message: "\(who) failed at \(step) while \(what): \(error)", underlying: error)
        case .died:
            return TrainingError(
                code: .runFailed, message: "\(who) died at \(step) while \(what): its thread ended on its own.")
        case .unresponsive(let seconds):
            return TrainingError(
                code: .runFailed,
                message: "\(who) is stuck at \(step): \(what) has taken it more than \(seconds) seconds; look at its "
                    + "environment, or allow more with --worker-timeout.")
        }
    }
}
