internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Trainer {
    private var isEvaluationDue: Bool {
        let (step, interval) = (counters.agentSteps, configuration.evaluationInterval)
        return interval > 0 && step > 0 && (step % interval == 0 || step == configuration.scheduleSteps)
    }

    /// Whether this step asks for an evaluation or a row of the metrics that has not been made: an interruption or an error
    /// came between.
    public var isWorkDue: Bool {
        let step = counters.agentSteps
        return step > 0 && (isEvaluationDue || step % configuration.logInterval == 0) && history.agentSteps.last != step
    }

    /// Evaluates and adds a row to the metrics, where this step asks for it; an interruption leaves both undone.
    func doWhatIsDue(_ report: inout Report, isInterrupted: () -> Bool) throws {
        guard isWorkDue else { return }
        let step = counters.agentSteps
        if isEvaluationDue, try !evaluate(into: &report, isInterrupted: isInterrupted) { return }
        let returns = pooledReturns()
        let sums = pooledStatistics()
        for station in stations {
            station.leftOver = TrainingStatistics()
            guard let worker = station.worker else { continue }
            report.workers.append(WorkerReport(worker, total: step))
            worker.learner.statistics = TrainingStatistics()
        }
        var row = sums.row
        row["rollout/ep_rew_mean"] = returns.mean
        row["rollout/ep_len_mean"] = returns.meanLength
        row["rollout/exploration_rate"] = epsilon
        row["time/episodes"] = Double(counters.episodes)
        row["train/n_updates"] = Double(counters.gradientUpdates)
        row["train/learning_rate"] = configuration.learningRate(at: step)
        if let evaluation = report.evaluation {
            row["eval/mean_reward"] = evaluation.meanReturn
            row["eval/std_reward"] = evaluation.standardDeviation
        }
        history.append(agentSteps: step, row)
        report.metrics = row
    }

    /// The sums of all workers since the last row.
    func pooledStatistics() -> TrainingStatistics {
        var sums = TrainingStatistics()
        for station in stations where !crew.lost.contains(station.index) {
            sums.merge(station.leftOver)
            if let statistics = station.worker?.learner.statistics { sums.merge(statistics) }
        }
        return sums
    }

    /// Mean return and length over the last episodes of all workers; NaN before the first has ended.
    func pooledReturns() -> (mean: Double, meanLength: Double) {
        var (count, sum, length) = (0, 0.0, 0)
        for station in stations {
            // A worker that has finished has left its last episodes behind.
            let returns = station.worker?.recentReturns ?? station.state?.recentReturns ?? []
            let lengths = station.worker?.recentLengths ?? station.state?.recentLengths ?? []
            count += returns.count
            sum += returns.reduce(0, +)
            length += lengths.reduce(0, +)
        }
        return (sum / Double(count), Double(length) / Double(count))
    }

    /// θ itself if this process has the only worker, a copy otherwise.
    private func evaluatedParameters() throws -> ParameterSlab {
        if let inPlace = parameters.inPlace { return inPlace.online }
        let copy = ParameterSlab(layout: parameters.layout)
        _ = try parameters.pull(into: copy)
        return copy
    }

    /// Evaluates on the evaluator's own thread: an environment that hangs there must not hang the chief.
    ///
    /// - Returns: whether the evaluation came to its end; it does not when the run is interrupted.
    private func evaluate(into report: inout Report, isInterrupted: () -> Bool) throws -> Bool {
        let (evaluator, parameters) = (evaluator, try evaluatedParameters())
        let (index, step) = (counters.evaluations, counters.agentSteps)
        let troubles = crew.perform(on: [evaluatorsThread]) { _, heartbeat in
            try evaluator.evaluate(index: index, agentSteps: step, parameters, heartbeat)
        } whileWaiting: {
            if isInterrupted() { evaluator.cancel() }
        }
        if case .failed(_ as Evaluator.Cancellation)? = troubles[evaluatorsThread] { return false }
        if let trouble = troubles[evaluatorsThread] {
            let failure = error(trouble, of: "The evaluation", doing: "playing")
            self.failure = failure
            throw failure
        }
        guard let evaluation = evaluator.result else { return false }
        counters.evaluations += 1
        lastEvaluation = evaluation
        report.evaluation = evaluation
        if bestEvaluation.map({ evaluation.meanReturn > $0.meanReturn }) ?? true {
            bestEvaluation = evaluation
            report.isBest = true
        }
        if let target = configuration.targetReturn, evaluation.meanReturn >= target { reachedTarget = true }
        return true
    }
}
