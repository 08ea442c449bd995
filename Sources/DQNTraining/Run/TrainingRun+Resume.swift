package import DQNCheckpoint
package import DQNEnvironments
package import DQNLearning
internal import DQNModel
package import Logging

extension TrainingRun {
    /// Resumes a run with new values of the settings that a resume may change, which the run stores.
    ///
    /// - Parameters:
    ///   - which: the checkpoint to resume from; what is newer than an earlier one is kept aside.
    ///   - watching: what the run writes for those who watch it.
    package convenience init(
        resuming directory: RunDirectory, steps: Int? = nil, saveEvery: Int? = nil, keep: Int? = nil,
        workers: Int? = nil, memoryLimit: Int? = nil, workerTimeout: Duration? = nil,
        evaluation: EvaluationChanges, which: CheckpointSelection = .latest,
        gymnasium: GymnasiumSettings = GymnasiumSettings(),
        makeStore: ParameterStoreFactory? = nil, watching: Watching = Watching(),
        logger: Logger = Logger(label: "swift-dqn")
    ) throws(TrainingError) {
        do {
            let (stored, file) = try directory.configurationToResume()
            var options = stored.run.options
            options.watching = watching
            options.steps = steps ?? options.steps
            options.saveEvery = saveEvery ?? options.saveEvery
            options.keep = keep ?? options.keep
            options.memoryLimit = memoryLimit ?? options.memoryLimit
            options.workerTimeout = workerTimeout ?? options.workerTimeout
            if let file {
                logger.warning(
                    """
                    there is no config.json: the run has the configuration in \(file), ends at agent step \
                    \(options.steps)\(steps == nil ? " (its schedule_steps)" : ""), saves every \(options.saveEvery) steps \
                    and keeps \(options.keep) checkpoints
                    """)
            }
            if directory.isUnsaved() {
                var configuration = try TrainingConfiguration(json: stored.configuration)
                configuration.workers = workers ?? configuration.workers
                try evaluation.apply(to: &configuration)
                try self.init(
                    new: configuration, from: nil, options, directory, beginsAgain: true, gymnasium, makeStore, logger)
                return
            }
            try self.init(
                resuming: directory, which, stored, options, newSteps: steps, workers: workers, evaluation, gymnasium,
                makeStore, logger)
        } catch { throw TrainingError(wrapping: error) }
    }

    /// Refuses a new total that the run has already exceeded: the run would end at once, and with it every later resume.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`).
    static func requireSteps(_ steps: Int?, done: Int) throws(TrainingError) {
        guard let steps, steps < done else { return }
        throw TrainingError(
            code: .invalidConfiguration,
            message:
                "--steps \(steps) is below the \(done) agent steps that the run has taken; --steps is the total of "
                + "the run: use more than \(done), or go back to an earlier checkpoint with --which STEP.")
    }

    /// Whether a step, an evaluation or a row is left to do.
    var hasWorkLeft: Bool { trainer.isEvaluationPending || Self.hasWork(trainer, options) }

    /// Whether a trainer has steps, or an evaluation that is due, left to do.
    static func hasWork(_ trainer: Trainer, _ options: Options) -> Bool {
        if trainer.reachedTarget { return false }
        return trainer.isScheduledWorkDue || trainer.hasOpenUpdate
            || (trainer.counters.agentSteps < options.steps && !trainer.allWorkersFinished)
    }

    /// Why a resumed run has nothing to do, with the remedy; `nil` if it has.
    static func idleReason(_ trainer: Trainer, _ options: Options) -> String? {
        if hasWork(trainer, options) { return nil }
        let configuration = trainer.configuration
        if trainer.reachedTarget {
            let target = configuration.targetReturn.map { " \($0)" } ?? ""
            return "the run has reached its target return\(target) at agent step \(trainer.counters.agentSteps); to "
                + "continue it, raise --target-return, or remove it with --set target_return=null"
        }
        if trainer.counters.agentSteps >= options.steps {
            return
                "the run has taken \(trainer.counters.agentSteps) of its \(options.steps) agent steps; to continue it, "
                + "set a larger total with --steps"
        }
        return "all \(configuration.workers) workers have taken their worker_steps, \(configuration.workerSteps); to "
            + "continue, start a run with more from this one with --from"
    }

    /// What a resumed run that has not learnt yet still will not learn.
    static func foresight(_ trainer: Trainer, _ options: Options) -> [String] {
        guard trainer.counters.gradientUpdates == 0 else { return [] }
        return Foresight.notices(on: trainer.configuration, steps: options.steps).map {
            "\($0) (a resumed run keeps its other settings; change them with --from)"
        }
    }

    /// A value of the configuration, for a message.
    static func text(_ value: JSONValue) -> String {
        (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
    }
}
