internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Trainer {
    /// Whether an evaluation is scheduled at this step.
    var isEvaluationDue: Bool {
        let (step, interval) = (counters.agentSteps, configuration.evaluationInterval)
        return interval > 0 && step > 0 && (step % interval == 0 || step == configuration.scheduleSteps)
    }

    /// Whether the evaluation or the row of metrics scheduled at this step is still missing, because of an interruption
    /// or an error, or because an earlier evaluation had to end first. Not within an update that was cut short.
    package var isScheduledWorkDue: Bool {
        let step = counters.agentSteps
        return step > 0 && (isEvaluationDue || step % configuration.logInterval == 0) && history.agentSteps.last != step
            && pending?.step != step && endState == nil && !hasOpenUpdate
    }

    /// Evaluates and adds a row of metrics, if this step calls for it. An interruption leaves both for later, and so does
    /// ``mayEvaluate``.
    func performScheduledWork(_ report: inout Report, isInterrupted: () -> Bool) throws(TrainingError) {
        guard isScheduledWorkDue else { return }
        if isEvaluationDue, let evaluator {
            guard mayEvaluate() else { return }
            return try evaluate(with: evaluator, &report, isInterrupted: isInterrupted)
        }
        let (row, workers) = takeRow()
        append(row, workers, at: counters.agentSteps, to: &report)
    }

    /// The columns of rows of metrics that depend on the method and the network.
    var furtherColumns: [String] {
        let evaluates = configuration.evaluationInterval > 0 && configuration.probeObservations > 0
        return method.metrics.map { "train/\($0)" } + (evaluates ? ProbeFigures.columns(architecture) : [])
    }

    /// Adds a row to the history and to the report.
    func append(_ row: [String: Double], _ workers: [WorkerReport], at step: Int, to report: inout Report) {
        history.append(agentSteps: step, row)
        report.metrics = row
        report.workers = workers
        report.step = step
    }

    /// Returns the row of this step, without evaluation, and the figures of the workers; resets the workers' sums.
    func takeRow() -> (row: [String: Double], workers: [WorkerReport]) {
        var row = pooledStatistics().row
        let workers = crew.figures(at: counters.agentSteps).compactMap(WorkerReport.init)
        crew.resetStatistics()
        addCounts(to: &row)
        return (row, workers)
    }

    private func addCounts(to row: inout [String: Double]) {
        let returns = pooledReturns()
        row["rollout/ep_rew_mean"] = returns.mean
        row["rollout/ep_len_mean"] = returns.meanLength
        row["rollout/exploration_rate"] = epsilon
        row["time/episodes"] = Double(counters.episodes)
        row["train/n_updates"] = Double(counters.gradientUpdates)
        row["train/learning_rate"] = configuration.learningRate(at: counters.agentSteps)
    }

    /// The sums over all workers since the last row.
    func pooledStatistics() -> TrainingStatistics {
        var sums = TrainingStatistics()
        for worker in crew.figures(at: counters.agentSteps) {
            sums.merge(worker.unreported)
            if let statistics = worker.statistics { sums.merge(statistics) }
        }
        return sums
    }

    /// Mean return and length of the recent episodes of all workers; NaN before the first one ends.
    func pooledReturns() -> (mean: Double, meanLength: Double) {
        var (count, sum, length) = (0, 0.0, 0)
        for worker in crew.figures(at: counters.agentSteps) {
            count += worker.recentReturns.count
            sum += worker.recentReturns.reduce(0, +)
            length += worker.recentLengths.reduce(0, +)
        }
        return (sum / Double(count), Double(length) / Double(count))
    }
}
