internal import DQNCheckpoint
public import DQNEnvironments
public import DQNLearning
public import DQNModel
internal import DQNNetwork
public import Foundation
public import Logging

/// Drives a ``Trainer``: writes its metrics and checkpoints into a ``RunDirectory`` and ends the run.
///
/// Not thread-safe: ``run(isInterrupted:onProgress:)`` must be called on the thread that created the run, and blocks it.
/// For `async` code use ``TrainingTask``.
public final class TrainingRun {
    /// How a run ended.
    public enum Outcome: String, Sendable, Codable {
        /// It took all its steps.
        case completed = "completed"
        /// An evaluation reached the target return.
        case reachedTarget = "reached_target"
        /// It was interrupted; its state is saved.
        case interrupted = "interrupted"
    }

    /// The run's directory.
    public let directory: RunDirectory
    /// The trainer.
    public let trainer: Trainer
    /// Steps, saves and retention.
    let options: Options
    /// The newest checkpoint that was written or resumed from.
    public var lastCheckpoint: URL? { saves.lastCheckpoint }

    let saver: ChiefSaver
    let logger: Logger
    var saves: SaveTracker
    var clock = RunClock()
    var hasReportedCaptureObstacle = false
    /// The newest evaluation of this process.
    var lastEvaluation: Evaluation?
    /// How long an interrupted run waits for a running evaluation. Without the result, the steps since the evaluation's
    /// start are taken again at the resume.
    package var patience = Duration.seconds(5)
    /// The run's seconds when the pending evaluation started.
    var evaluationStart: Double?
    /// When the run must have ended and when it was asked to save.
    package var ending = Ending()
    /// The metrics files; `nil` if there is nothing to do.
    let metrics: MetricsFile?
    let workersFile: WorkersFile?
    /// Writes for those who watch the run; `nil` until it is ready.
    var watch: RunWatch?
    let firstStep: Int
    /// Why a resumed run has nothing to do, with the remedy; `nil` if it has. Such a run saves nothing.
    package let idleReason: String?

    /// Creates a run in a new directory. Nothing is written if the configuration is invalid.
    ///
    /// The directory may hold what a run left that was killed before its first checkpoint; the new run replaces it.
    /// - Throws: `TrainingError`: `outputDirectory` if the directory already holds a run, or files with the names of
    ///   a run's that no run wrote, or cannot be written;
    ///   otherwise as ``Trainer/init(_:options:backend:makeStore:)``.
    public convenience init(
        _ configuration: TrainingConfiguration, options: Options, in directory: RunDirectory,
        gymnasium: GymnasiumSettings = GymnasiumSettings(), trust: EnvironmentTrust = .withoutCode,
        makeStore: ParameterStoreFactory? = nil, logger: Logger = Logger(label: "swift-dqn")
    ) throws(TrainingError) {
        do {
            try self.init(
                new: configuration, from: nil, options, directory, beginsAgain: false, gymnasium.trusting(trust),
                makeStore, logger)
        } catch { throw TrainingError(wrapping: error) }
    }

    /// Resumes a run from its newest valid checkpoint.
    ///
    /// A damaged newer file is renamed to `*.damaged`, and a file that a killed process left incomplete is removed; both
    /// are logged. Without `config.json` the run has the configuration in its checkpoint, and its schedule's steps. A run
    /// that was killed before its first checkpoint begins again. `nil` keeps the run's own setting.
    /// - Parameters:
    ///   - directory: the run's directory.
    ///   - steps: the new total of agent steps.
    ///   - saveEvery: agent steps between saves.
    ///   - keep: the number of newest checkpoints to keep.
    ///   - workers: the number of workers; see ``Trainer/init(resuming:workers:options:backend:makeStore:)``.
    ///   - memoryLimit: bytes that the run may take.
    ///   - workerTimeout: time without a finished step after which a worker counts as stuck.
    ///   - gymnasium: how Gymnasium environments are run.
    ///   - trust: whether the run's environment may bring code, such as the library of a plug-in. The directory may be
    ///     somebody else's.
    ///   - makeStore: creates the parameter store; by default one in this process's memory.
    ///   - logger: receives messages.
    /// - Throws: `TrainingError` (`nothingToResume`, `cannotResume`, …): `invalidConfiguration` if the run has taken
    ///   more than `steps` agent steps.
    public convenience init(
        resuming directory: RunDirectory, steps: Int? = nil, saveEvery: Int? = nil, keep: Int? = nil,
        workers: Int? = nil, memoryLimit: Int? = nil, workerTimeout: Duration? = nil,
        gymnasium: GymnasiumSettings = GymnasiumSettings(), trust: EnvironmentTrust = .withoutCode,
        makeStore: ParameterStoreFactory? = nil, logger: Logger = Logger(label: "swift-dqn")
    ) throws(TrainingError) {
        try self.init(
            resuming: directory, steps: steps, saveEvery: saveEvery, keep: keep, workers: workers,
            memoryLimit: memoryLimit, workerTimeout: workerTimeout, evaluation: EvaluationChanges(),
            gymnasium: gymnasium.trusting(trust), makeStore: makeStore, logger: logger)
    }

    /// - Parameter beginsAgain: whether to begin the run again that the directory holds without a checkpoint.
    init(
        new configuration: TrainingConfiguration, from origin: RunOrigin?, _ options: Options,
        _ directory: RunDirectory, beginsAgain: Bool,
        _ gymnasium: GymnasiumSettings, _ makeStore: ParameterStoreFactory?, _ log: Logger
    ) throws {
        let logger = log.printable(copyingTo: options.watching.log)
        if !beginsAgain { try directory.requireFree() }
        let events = try options.watching.folder(of: directory, isNew: true, beginsAgain: beginsAgain)
        try configuration.validate(steps: options.steps)
        try origin?.validate(steps: options.steps)
        trainer = try Trainer(
            configuration, from: origin, options: options.trainerOptions(gymnasium, drawing: events != nil),
            makeStore: makeStore)
        for notice in trainer.notices { logger.warning("\(notice)") }
        var lineage: [String: JSONValue]?
        if let origin, let report = trainer.originReport {
            for line in origin.lines(report, configuration) { logger.notice("\(line)") }
            lineage = origin.lineage(report)
        }
        let store = try directory.prepare(
            keepLast: options.keep, beginsAgain: beginsAgain, notice: { logger.warning("\($0)") })
        saver = try ChiefSaver(store, lineage: Lineage(directory.lineage, startedFrom: origin?.digest, event: lineage))
        // Before config.json: a run without a checkpoint begins again, with new parameters.
        saves = origin == nil ? SaveTracker() : try SaveTracker(saving: trainer.checkpoint(), with: saver)
        try directory.create(configuration, options)
        self.directory = directory
        self.options = options
        self.logger = logger
        metrics = try MetricsFile(directory.metrics, history: MetricHistory(), furtherColumns: trainer.furtherColumns)
        workersFile = try WorkersFile(directory.workers, history: MetricHistory())
        firstStep = trainer.counters.agentSteps
        idleReason = nil
        holdStatesSparingly()
        try startWatching(events)
        // Not before: an error is a single line.
        for notice in Foresight.notices(on: configuration, steps: options.steps) { logger.warning("\(notice)") }
    }

    init(
        resuming directory: RunDirectory, _ which: CheckpointSelection, _ stored: RunDirectory.StoredConfiguration,
        _ options: Options, newSteps: Int?, workers: Int?, _ evaluation: EvaluationChanges,
        _ gymnasium: GymnasiumSettings, _ makeStore: ParameterStoreFactory?, _ log: Logger
    ) throws {
        let logger = log.printable(copyingTo: options.watching.log)
        let events = try options.watching.folder(of: directory, isNew: false, beginsAgain: false)
        let store = try CheckpointStore(directory: directory.checkpoints, keepLast: options.keep)
        let newest =
            which == .latest
            ? try store.recoverLatest { logger.warning("\($0)") }
            : try Self.checkpoint(toReturnTo: which, in: directory, store, logger)
        Lineage.restoreStagedEvent(of: directory.lineage)
        directory.removeLeftovers { logger.warning("\($0)") }
        guard let newest else {
            throw TrainingError(
                code: .nothingToResume,
                message: "'\(directory.url.path)' holds no valid checkpoint; start a new run in another directory.")
        }
        var checkpoint = newest.checkpoint
        try Self.requireSteps(newSteps, done: checkpoint.counters.agentSteps)
        let storedConfiguration = checkpoint.configuration
        let changes = try evaluation.apply(to: &checkpoint)
        trainer = try Trainer(
            resuming: checkpoint, workers: workers,
            options: options.trainerOptions(gymnasium, drawing: events != nil), makeStore: makeStore)
        for notice in trainer.notices { logger.warning("\(notice)") }
        try trainer.configuration.validate(steps: options.steps, resumes: true)
        // Not before everything is checked: a refused resume leaves the directory as it was.
        if which != .latest {
            try Self.keepAside(newerThan: newest.checkpoint, in: directory, store, events: events, logger)
        }
        for notice in directory.reportInterruptedReturns(at: checkpoint.counters.agentSteps) {
            logger.warning("\(notice)")
        }
        // An earlier checkpoint may have other settings than the run had in the end.
        let edits =
            which != .latest
            ? []
            : ConfigurationEdits.notices(
                in: stored.configuration, stored: storedConfiguration, running: trainer.configuration, of: directory)
        for notice in edits { logger.warning("\(notice)") }
        if let difference = stored.compute.flatMap({ ComputeThreads.difference(from: $0) }) {
            logger.warning(
                "this run was computed with \(difference): results remain valid, but not bit for bit the same")
        }
        self.directory = directory
        self.options = options
        self.logger = logger
        firstStep = trainer.counters.agentSteps
        let parent = try CheckpointSummary(contentsOf: newest.url).digest
        saver = try ChiefSaver(
            store, lineage: Lineage(directory.lineage, resumedFrom: parent, changing: changes.mapValues(\.new)))
        saves = SaveTracker(resumedFrom: newest.url, at: firstStep)
        for (key, change) in changes.sorted(by: { $0.key < $1.key }) {
            logger.notice("\(key) changes from \(Self.text(change.old)) to \(Self.text(change.new))")
        }
        for line in EvaluationChanges.scheduleLines(changes, trainer.configuration, at: firstStep) {
            logger.notice("\(line)")
        }
        // The file of this step is replaced by one with the changes, so that the next resume has them too.
        if !changes.isEmpty { saves.invalidate(firstStep) }
        idleReason = changes.isEmpty ? Self.idleReason(trainer, options) : nil
        guard idleReason == nil else {
            (metrics, workersFile) = (nil, nil)
            // Events that the user asks for need no training.
            let asked = options.watching.events == .asBefore ? nil : events
            try startWatching(asked)
            if let asked { logger.notice("the events of the whole run for TensorBoard are in '\(asked.url.path)'") }
            return
        }
        metrics = try MetricsFile(directory.metrics, history: trainer.history, furtherColumns: trainer.furtherColumns)
        workersFile = try WorkersFile(directory.workers, history: trainer.history)
        try directory.write(trainer.configuration, options)
        holdStatesSparingly()
        try startWatching(events)
        for notice in Self.foresight(trainer, options) { logger.warning("\(notice)") }
    }

    /// Lets the trainer wait until no save is queued before it holds a state, so that there are never three in memory.
    private func holdStatesSparingly() { trainer.beforeHolding = { [saver] in saver.waitForRoom() } }

    /// Trains until the run has taken its steps, reached the target return or been interrupted, or until all workers have
    /// finished; then saves.
    ///
    /// - Parameters:
    ///   - isInterrupted: called about fifty times a second; once it returns `true`, the run stops at the next step
    ///     boundary, or within a long update, which a resume completes.
    ///   - onProgress: called about ten times a second, and at the end.
    /// - Returns: how the run ended.
    /// - Throws: `TrainingError` (`runFailed`) if training fails, after saving what is left, or if the last state could
    ///   not be saved.
    public func run(
        isInterrupted: () -> Bool = { false }, onProgress: (Progress) -> Void = { _ in }
    ) throws(TrainingError) -> Outcome {
        watch?.begin(self)
        do throws(TrainingError) {
            let outcome = try perform(isInterrupted: isInterrupted, onProgress: onProgress)
            watch?.end(self, outcome)
            return outcome
        } catch {
            watch?.end(self, error)
            throw error
        }
    }

    private func perform(
        isInterrupted: () -> Bool, onProgress: (Progress) -> Void
    ) throws(TrainingError) -> Outcome {
        clock.start(at: firstStep)
        trainer.mayEvaluate = { [weak self] in self?.hasTimeForEvaluation() ?? true }
        if let idleReason {
            logger.warning("nothing to do: \(idleReason)")
            onProgress(progress)
            return trainer.reachedTarget ? .reachedTarget : .completed
        }
        // Even a run that is killed at once leaves a checkpoint to resume from.
        if saves.savedStep == nil { saveLastState() }
        let outcome: Outcome
        do throws(TrainingError) {
            outcome = try train(isInterrupted: isInterrupted, onProgress: onProgress)
        } catch {
            return try settle(saveAfter(error), wasInterrupted: isInterrupted() || ending.isTimeUp)
        }
        saveLastState()
        onProgress(progress)
        if let failure = trainer.failure { throw saveAfter(failure) }
        if let error = saves.error(at: trainer.counters.agentSteps) {
            // An interrupted run reports its interruption; the log has reported the failed saves.
            if outcome != .interrupted || saves.savedStep == nil { throw error }
        }
        return outcome
    }

    private func train(
        isInterrupted: () -> Bool, onProgress: (Progress) -> Void
    ) throws(TrainingError) -> Outcome {
        while hasWorkLeft {
            if isInterrupted() || isTimeUp { return try endEarly() }
            saveIfRequested()
            // The saved state of this step is one within the step.
            if trainer.hasOpenUpdate { saves.invalidate(trainer.counters.agentSteps) }
            let report = try trainer.advance(to: nextStop) {
                reportProgress(onProgress)
                trainer.isEnding = isInterrupted() || isTimeUp
                return trainer.isEnding || isSaveRequested
            }
            take(report)
            if let failure = trainer.failure, !trainer.isEvaluationPending { throw failure }
            reportProgress(onProgress)
        }
        return trainer.reachedTarget ? .reachedTarget : .completed
    }
}
