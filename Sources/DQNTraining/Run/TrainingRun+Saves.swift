internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import Foundation
internal import Logging

extension TrainingRun {
    /// What became of a run's saves so far.
    struct Saves {
        /// The last file that was saved or gone on from.
        var lastFile: URL?
        /// The agent step that was last handed over or gone on from; `nil` where that save has failed.
        var step: Int?
        /// The agent step whose file may be replaced, by the same state: it lacks what was due at it, or it got its name in a
        /// save that failed afterwards.
        var replaceableStep: Int?
        /// Saves of this process that have ended, and those of them that failed.
        private(set) var ended = 0
        private(set) var failed = 0
        private(set) var lastError: CheckpointError?
        private(set) var lastSeconds: Double?

        /// Takes note of a save that has ended.
        mutating func note(_ outcome: ChiefSaver.Outcome) {
            ended += 1
            lastSeconds = outcome.seconds
            switch outcome.result {
            case .success(let receipt):
                lastFile = receipt.url
                if replaceableStep == outcome.agentSteps { replaceableStep = nil }
            case .failure(let error): fail(error, at: outcome.agentSteps)
            }
        }

        /// Takes note of a save that could not even begin.
        mutating func refuse(_ error: CheckpointError, at agentSteps: Int) {
            ended += 1
            fail(error, at: agentSteps)
        }

        private mutating func fail(_ error: CheckpointError, at agentSteps: Int) {
            failed += 1
            lastError = error
            if step == agentSteps { step = nil }
            if error.code != .exists { replaceableStep = agentSteps }
        }

        /// Columns of `metrics.csv`.
        var metrics: [String: Double] {
            var row = ["save/failures": Double(failed)]
            row["save/seconds"] = lastSeconds.map { ($0 * 1e6).rounded() / 1e6 }
            return row
        }

        /// What a run whose saves have all ended must say of them at its end.
        func complaint(at agentSteps: Int) -> TrainingError? {
            guard let lastError else { return nil }
            let what =
                step == agentSteps
                ? "\(failed) of \(ended) saves failed, the last of them so: \(lastError) The last state, agent step "
                    + "\(agentSteps), is saved; only earlier checkpoints are missing."
                : "The run's last state, agent step \(agentSteps), could not be saved: \(lastError) Earlier checkpoints "
                    + "are intact."
            return TrainingError(code: .runFailed, message: what, underlying: lastError)
        }
    }

    /// Whether this step is one that the run saves at.
    var isSaveDue: Bool {
        options.saveEvery > 0 && trainer.counters.agentSteps % options.saveEvery == 0
            && trainer.counters.agentSteps != saves.step
    }

    /// Hands the state to the saver; training goes on at once.
    func save() {
        let step = trainer.counters.agentSteps
        // First, so that no third state is held meanwhile.
        saver.waitForRoom()
        // Where the parameters cannot be had, the trainer's next step ends the run.
        let checkpoint: Checkpoint
        do { checkpoint = try trainer.checkpoint() } catch {
            logger.error("the save at agent step \(step) failed before it began: \(error)")
            return
        }
        do throws(CheckpointError) {
            try saver.save(checkpoint, replacing: saves.replaceableStep == step)
            saves.step = step
        } catch {
            saves.refuse(error, at: step)
            logger.error("the save at agent step \(step) failed before it began: \(error)")
        }
        noteSaves(saver.finished())
    }

    /// Says what became of saves; after a failure training goes on, since the disk may have room again by the next one.
    func noteSaves(_ outcomes: [ChiefSaver.Outcome]) {
        for outcome in outcomes {
            saves.note(outcome)
            switch outcome.result {
            case .success(let receipt):
                for notice in receipt.notices { logger.warning("\(notice)") }
                logger.debug("saved \(receipt.url.path)")
            case .failure(let error):
                logger.error("the save at agent step \(outcome.agentSteps) failed: \(error)")
            }
        }
    }

    /// Makes sure that the last state is saved, and waits for it; a save that has failed is tried once more.
    func saveLastState() {
        noteSaves(saver.finish())
        guard saves.step != trainer.counters.agentSteps else { return }
        save()
        noteSaves(saver.finish())
    }

    /// Saves what a failed run still has, and says so in its error.
    func salvage(_ error: any Error) -> any Error {
        saveLastState()
        guard let failure = error as? TrainingError else { return error }
        let saved =
            saves.step == nil
            ? saves.lastError.map { "The state could not be saved (\($0)); earlier checkpoints are intact." }
            : saves.lastFile.map { "The state is saved in '\($0.path)'." }
        return TrainingError(
            code: failure.code, message: "\(failure.message) \(saved ?? "")", underlying: failure.underlying)
    }
}
