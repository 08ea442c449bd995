internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import Foundation
internal import Logging

extension TrainingRun {
    /// Whether a save is due at a step and not yet started.
    func isSaveDue(at step: Int) -> Bool {
        options.saveEvery > 0 && step % options.saveEvery == 0 && step != saves.savedStep
    }

    /// The step at which the workers stop next, at the latest.
    var nextStop: Int {
        guard options.saveEvery > 0 else { return options.steps }
        let step = trainer.counters.agentSteps
        // The save of this step waits for the pending evaluation, however often an interruption ends the wait.
        if let evaluated = trainer.evaluatedStep, evaluated != step, isSaveDue(at: step) { return step }
        let next = (step / options.saveEvery + 1) * options.saveEvery
        return min(options.steps, next)
    }

    /// Passes the present state to the saver and returns; training continues during the save.
    func save() {
        // Waits before taking the state, so that there are never three states in memory.
        saver.waitForRoom()
        save(at: trainer.counters.agentSteps) { () throws(TrainingError) in try trainer.checkpoint() }
    }

    /// Passes a held state to the saver and returns.
    func save(_ state: HeldCheckpoint) {
        save(at: state.checkpoint.counters.agentSteps) { () throws(TrainingError) in try state.whole() }
    }

    private func save(at step: Int, _ state: () throws(TrainingError) -> Checkpoint) {
        do throws(TrainingError) { save(try state()) } catch {
            logger.error("the save at agent step \(step) failed before it started: \(error)")
            // If the trainer has failed, its next advance ends the run.
            if trainer.failure == nil { saves.recordFailure(error, at: step) }
        }
    }

    private func save(_ state: Checkpoint) {
        let step = state.counters.agentSteps
        saver.save(state, replacing: saves.mayReplaceFile(at: step))
        saves.recordStart(at: step)
        reportCaptureObstacle()
        logSaves(saver.finished())
    }

    /// Logs once that checkpoints lack the environment's state: the first save is at the start of a run.
    private func reportCaptureObstacle() {
        guard !hasReportedCaptureObstacle, let reason = trainer.captureObstacle else { return }
        hasReportedCaptureObstacle = true
        logger.warning(
            """
            checkpoints do not contain the state of the environment '\(trainer.configuration.environment)', because \
            \(reason); training continues, and a resumed run starts a new episode
            """)
    }

    /// Logs saves that have ended. Training continues after a failure: the disk may have room again by the next save.
    func logSaves(_ outcomes: [ChiefSaver.Outcome]) {
        for outcome in outcomes {
            saves.record(outcome)
            switch outcome.result {
            case .success(let receipt):
                for notice in receipt.notices { logger.warning("\(notice)") }
                logger.debug("saved \(receipt.url.path)")
                watch?.saved(receipt.url, at: outcome.agentSteps)
            case .failure(let error):
                logger.error("the save at agent step \(outcome.agentSteps) failed: \(error)")
            }
        }
    }

    /// Saves the last state unless it is saved already, and waits; a failed save is tried once again.
    func saveLastState() {
        logSaves(saver.finish())
        guard saves.savedStep != trainer.counters.agentSteps else { return }
        save()
        logSaves(saver.finish())
    }

    /// Saves what a failed run still has, and returns its error with the file's name.
    func saveAfter(_ error: TrainingError) -> TrainingError {
        saveLastState()
        let isSaved = saves.savedStep == trainer.counters.agentSteps
        let reason = saves.lastError.map { " (\($0))" } ?? ""
        let saved =
            isSaved
            ? saves.lastCheckpoint.map { "The state is saved in '\($0.path)'." }
            : "The state could not be saved\(reason). \(saves.earlierCheckpoints)"
        return TrainingError(
            code: error.code, message: "\(error.message) \(saved ?? "")", details: error.details,
            underlying: error.underlying)
    }

    /// Records the result of an advance and saves what it calls for.
    func take(_ report: Trainer.Report) {
        logSaves(saver.finished())
        refreshSaveEstimate()
        record(report)
        // A checkpoint resumed from was saved before the work scheduled at its step; it is replaced.
        if report.metrics != nil { saves.invalidate(report.step) }
        if let state = report.evaluatedState, report.isBest || isSaveDue(at: report.step) { save(state) }
        if !trainer.isEvaluationPending, !trainer.isScheduledWorkDue, !trainer.hasOpenUpdate,
            isSaveDue(at: trainer.counters.agentSteps)
        {
            save()
        }
        if trainer.isEvaluationPending, evaluationStart == nil { evaluationStart = clock.seconds }
    }
}
