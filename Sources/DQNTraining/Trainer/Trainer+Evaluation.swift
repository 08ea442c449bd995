internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport

/// An evaluation that is running while training continues, with everything of its step that waits for it.
struct PendingEvaluation {
    /// The evaluated step.
    let step: Int
    /// The step's row of metrics, without the evaluation.
    let row: [String: Double]
    /// The figures of the workers at the step.
    let workers: [WorkerReport]
    /// The sums that the row was made from.
    let sums: TrainingStatistics
    /// The state of the step, without row and evaluation.
    let state: HeldCheckpoint
    /// The figures for the progress line at the step.
    let progress: (meanEpisodeReturn: Double, epsilon: Double?)
    /// The failure of a worker whose state could not be taken completely.
    let failure: TrainingError?
}

/// Evaluations off the clock.
///
/// An evaluation of step S runs on a copy of the parameters while training continues to the next step at which anything
/// is decided: a row, an evaluation, a save, the end. There the trainer waits for it, completes the row and the state of
/// S, and only then turns to the present step. A target reached at S ends the run in the state of S. So every file is a
/// function of the configuration alone, however long an evaluation takes.
extension Trainer {
    /// Whether an evaluation is running whose result the run needs before anything else is decided.
    package var isEvaluationPending: Bool { pending != nil }

    /// The step that is being evaluated; `nil` unless an evaluation is pending.
    var evaluatedStep: Int? { pending?.step }

    /// What the running evaluation has played; `nil` while none runs.
    var evaluationState: EvaluationState? { evaluator?.state }

    /// The state in which an interruption would end the run while an evaluation is pending; `nil` otherwise.
    var stateBeforeEvaluation: HeldCheckpoint? { pending?.unevaluatedState }

    /// Evaluates this step, or starts to.
    func evaluate(
        with evaluator: Evaluator, _ report: inout Report, isInterrupted: () -> Bool
    ) throws(TrainingError) {
        let step = counters.agentSteps
        evaluator.start(index: counters.evaluations, agentSteps: step, try parametersToEvaluate())
        if evaluatesInBackground {
            let (sums, progress) = (pooledStatistics(), (meanEpisodeReturn, epsilon))
            let (row, workers) = takeRow()
            beforeHolding()
            let state: HeldCheckpoint
            do { state = try snapshot() } catch {
                evaluator.cancel()
                throw error
            }
            pending = PendingEvaluation(
                step: step, row: row, workers: workers, sums: sums, state: state, progress: progress,
                failure: failure)
            return
        }
        guard
            let result = try result(
                of: evaluator, at: step,
                whileWaiting: {
                    if isInterrupted() { evaluator.cancel() }
                    return true
                })
        else { return }
        let (row, workers) = takeRow()
        record(result, row, workers, at: step, in: &report)
    }

    /// Waits for the pending evaluation and completes its step, unless an interruption comes first.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) if the evaluation has failed; the run has then ended in the state of the
    ///   evaluated step.
    func finishEvaluation(_ report: inout Report, isInterrupted: () -> Bool) throws(TrainingError) {
        try awaitEvaluation(&report) { !isInterrupted() }
    }

    private func awaitEvaluation(
        _ report: inout Report, whileWaiting: () -> Bool
    ) throws(TrainingError) {
        guard let pending, let evaluator else { return }
        let found: EvaluationResult?
        do throws(TrainingError) {
            found = try result(of: evaluator, at: pending.step) { crew.failure == nil && whileWaiting() }
        } catch {
            end(in: pending.unevaluatedState, pending)
            failure = error
            throw error
        }
        guard let found else {
            guard let loss = crew.failure?(counters.agentSteps) else { return }
            // What the workers have done since the evaluated step is lost with what has failed.
            abandonEvaluation()
            failure = loss
            throw loss
        }
        self.pending = nil
        record(found, pending.row, pending.workers, at: pending.step, in: &report)
        var state = pending.state
        state.checkpoint.counters.evaluations = counters.evaluations
        state.checkpoint.evaluation = found.evaluation
        state.checkpoint.bestEvaluation = bestEvaluation
        state.checkpoint.reachedTarget = reachedTarget
        state.checkpoint.history = history
        state.health = health
        report.evaluatedState = state
        if reachedTarget { end(in: state, pending) }
    }

    /// Gives the pending evaluation a last moment, then cancels it.
    ///
    /// A cancelled evaluation ends the run in the state of its step, from which a resume repeats it and continues.
    /// - Parameter time: how long to wait.
    /// - Returns: the report of the evaluated step; empty if the evaluation was cancelled.
    /// - Throws: as ``finishEvaluation(_:isInterrupted:)``.
    func settleEvaluation(within time: Duration) throws(TrainingError) -> Report {
        var report = Report()
        var waited = RunningTime()
        try awaitEvaluation(&report) {
            waited.read()
            return waited.seconds < time / .seconds(1)
        }
        abandonEvaluation()
        return report
    }

    /// Cancels the pending evaluation, if any, and ends the run in the state of its step.
    func abandonEvaluation() {
        guard let pending, let evaluator else { return }
        evaluator.cancel()
        // Whatever comes of it: the run has its state.
        _ = evaluator.wait { true }
        end(in: pending.unevaluatedState, pending)
    }

    /// Ends the run in an earlier state: what the workers have done since is discarded.
    private func end(in state: HeldCheckpoint, _ pending: PendingEvaluation) {
        self.pending = nil
        endState = state
        counters = state.checkpoint.counters
        lastEvaluation = state.checkpoint.evaluation
        crew.returnClaims(taken: counters.agentSteps)
        (meanEpisodeReturn, epsilon) = pending.progress
        // A worker that failed beyond the end never got there.
        failure = pending.failure
    }

    /// θ itself if training waits and this process has the only worker, a copy otherwise.
    private func parametersToEvaluate() throws(TrainingError) -> ParameterSlab {
        if !evaluatesInBackground, let inPlace = parameters.inPlace { return inPlace.online }
        let copy = evaluatedParameters ?? ParameterSlab(layout: parameters.layout)
        evaluatedParameters = copy
        do { _ = try parameters.pull(into: copy) } catch { throw storeFailed(error, during: "evaluating") }
        return copy
    }

    /// Waits for the evaluator.
    ///
    /// - Returns: the result; `nil` if the evaluation was cancelled or the wait ended before it did.
    private func result(
        of evaluator: Evaluator, at step: Int, whileWaiting: () -> Bool
    ) throws(TrainingError) -> EvaluationResult? {
        switch evaluator.wait(whileWaiting: whileWaiting) {
        case .success(let result)?: return result
        case .failure(.failed(let workerFailure))?:
            let error = workerFailure.error(of: "The evaluation", at: step, during: "playing")
            failure = error
            throw error
        case .failure(.cancelled)?, nil: return nil
        }
    }

    /// Counts an evaluation, decides what follows from it, and adds the row of its step.
    private func record(
        _ result: EvaluationResult, _ row: [String: Double], _ workers: [WorkerReport], at step: Int,
        in report: inout Report
    ) {
        let evaluation = result.evaluation
        counters.evaluations += 1
        // It belongs to its step alone.
        lastEvaluation = counters.agentSteps == step ? evaluation : nil
        report.evaluation = evaluation
        report.evaluationResult = result
        if bestEvaluation.map({ evaluation.meanReturn > $0.meanReturn }) ?? true {
            bestEvaluation = evaluation
            report.isBest = true
        }
        if let target = configuration.targetReturn, evaluation.meanReturn >= target { reachedTarget = true }
        var row = row
        row["eval/mean_reward"] = evaluation.meanReturn
        row["eval/std_reward"] = evaluation.standardDeviation
        if let probe = result.probe { row.merge(probe.row) { $1 } }
        append(row, workers, at: step, to: &report)
        if let probe = result.probe { report.warnings = health.check(history, probe, configuration) }
    }
}

extension PendingEvaluation {
    /// The state of the step as an interruption leaves it: row and evaluation are still to be made.
    fileprivate var unevaluatedState: HeldCheckpoint {
        var state = state
        state.checkpoint.statistics = sums.values
        return state
    }
}
