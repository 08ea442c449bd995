internal import DQNCheckpoint
internal import DQNModel

extension Trainer {
    /// Evaluates and adds a row to the metrics, where this step asks for it.
    func doWhatIsDue(_ report: inout Report) throws {
        let step = counters.agentSteps
        let interval = configuration.evaluationInterval
        if interval > 0, step % interval == 0 || step == configuration.scheduleSteps { try evaluate(into: &report) }
        guard step % configuration.logInterval == 0 || report.evaluation != nil else { return }
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
        let workers = stations.compactMap(\.worker)
        let count = workers.reduce(0) { $0 + $1.recentReturns.count }
        let sum = workers.reduce(0) { $0 + $1.recentReturns.reduce(0, +) }
        let length = workers.reduce(0) { $0 + $1.recentLengths.reduce(0, +) }
        return (sum / Double(count), Double(length) / Double(count))
    }

    /// Evaluates on the evaluator's own thread: an environment that hangs there must not hang the chief.
    private func evaluate(into report: inout Report) throws {
        let (evaluator, parameters) = (evaluator, parameters.online)
        let (index, step) = (counters.evaluations, counters.agentSteps)
        let troubles = crew.perform(on: [evaluatorsThread]) { _, heartbeat in
            try evaluator.evaluate(index: index, agentSteps: step, parameters, heartbeat)
        }
        if let trouble = troubles[evaluatorsThread] {
            let failure = error(trouble, of: "The evaluation", doing: "playing")
            self.failure = failure
            throw failure
        }
        guard let evaluation = evaluator.result else { return }
        counters.evaluations += 1
        lastEvaluation = evaluation
        report.evaluation = evaluation
        if bestEvaluation.map({ evaluation.meanReturn > $0.meanReturn }) ?? true {
            bestEvaluation = evaluation
            report.isBest = true
        }
        if let target = configuration.targetReturn, evaluation.meanReturn >= target { reachedTarget = true }
    }
}
