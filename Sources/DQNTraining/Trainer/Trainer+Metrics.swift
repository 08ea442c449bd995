internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Trainer {
    private var isEvaluationDue: Bool {
        let (step, interval) = (counters.agentSteps, configuration.evaluationInterval)
        return interval > 0 && step > 0 && (step % interval == 0 || step == configuration.scheduleSteps)
    }

    /// Whether the evaluation or the row of metrics scheduled at this step is still missing, because of an interruption
    /// or an error.
    package var isScheduledWorkDue: Bool {
        let step = counters.agentSteps
        return step > 0 && (isEvaluationDue || step % configuration.logInterval == 0) && history.agentSteps.last != step
    }

    /// Evaluates and adds a row of metrics, if this step calls for it. An interruption leaves both for later.
    func performScheduledWork(_ report: inout Report, isInterrupted: () -> Bool) throws(TrainingError) {
        guard isScheduledWorkDue else { return }
        if isEvaluationDue, try !evaluate(into: &report, isInterrupted: isInterrupted) { return }
        var row = pooledStatistics().row
        for slot in slots {
            slot.unreportedStatistics = TrainingStatistics()
            guard let worker = slot.worker else { continue }
            report.workers.append(WorkerReport(worker, totalSteps: counters.agentSteps))
            worker.learner.statistics = TrainingStatistics()
        }
        addCounts(to: &row)
        if let evaluation = report.evaluation {
            row["eval/mean_reward"] = evaluation.meanReturn
            row["eval/std_reward"] = evaluation.standardDeviation
        }
        history.append(agentSteps: counters.agentSteps, row)
        report.metrics = row
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
        for slot in slots where !pool.lost.contains(slot.index) {
            sums.merge(slot.unreportedStatistics)
            if let statistics = slot.worker?.learner.statistics { sums.merge(statistics) }
        }
        return sums
    }

    /// Mean return and length of the recent episodes of all workers; NaN before the first one ends.
    func pooledReturns() -> (mean: Double, meanLength: Double) {
        var (count, sum, length) = (0, 0.0, 0)
        for slot in slots {
            // The last episodes of a finished worker still count.
            let returns = slot.worker?.recentReturns ?? slot.state?.recentReturns ?? []
            let lengths = slot.worker?.recentLengths ?? slot.state?.recentLengths ?? []
            count += returns.count
            sum += returns.reduce(0, +)
            length += lengths.reduce(0, +)
        }
        return (sum / Double(count), Double(length) / Double(count))
    }

    /// θ itself if this process has the only worker, a copy otherwise.
    private func evaluatedParameters() throws(TrainingError) -> ParameterSlab {
        if let inPlace = parameters.inPlace { return inPlace.online }
        let copy = ParameterSlab(layout: parameters.layout)
        do { _ = try parameters.pull(into: copy) } catch { throw storeFailed(error, during: "evaluating") }
        return copy
    }

    /// Evaluates on the pool's evaluation thread, so that an environment that hangs cannot hang the caller.
    ///
    /// - Returns: whether the evaluation is complete; `false` after an interruption.
    private func evaluate(into report: inout Report, isInterrupted: () -> Bool) throws(TrainingError) -> Bool {
        guard let evaluator else { return false }
        let (parameters, index, step) = (try evaluatedParameters(), counters.evaluations, counters.agentSteps)
        let failures = pool.perform(on: [evaluationThread]) { _, heartbeat in
            try evaluator.evaluate(index: index, agentSteps: step, parameters, heartbeat)
        } whileWaiting: {
            if isInterrupted() { evaluator.cancel() }
        }
        switch failures[evaluationThread] {
        case .failed(_ as Evaluator.Cancelled)?: return false
        case let workerFailure?:
            let error = workerFailure.error(
                of: "The evaluation", at: counters.agentSteps, during: "playing")
            failure = error
            throw error
        case nil: break
        }
        guard let evaluation = evaluator.result else { return false }
        record(evaluation, in: &report)
        return true
    }

    /// What the running evaluation has played; `nil` while none runs.
    var evaluationState: EvaluationState? { evaluator?.progress.current }

    private func record(_ evaluation: Evaluation, in report: inout Report) {
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
