internal import DQNCheckpoint
public import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNReport
internal import DQNSupport
public import Foundation
public import Logging

/// The chief of a run: drives a ``Trainer``, writes its metrics and checkpoints into a ``RunDirectory``, and ends it.
///
/// Only the chief writes: the thread that makes the run, which must also be the one that calls
/// ``run(isInterrupted:onProgress:)``. Not thread-safe.
public final class TrainingRun {
    /// How a run ended.
    public enum Outcome: String, Sendable, Codable {
        /// It took all its steps.
        case completed
        /// An evaluation reached the target return.
        case reachedTarget = "reached_target"
        /// A signal came; the state was saved.
        case interrupted
    }

    /// Where a run stands, for a progress line.
    public struct Progress: Sendable {
        /// Agent steps begun, of how many.
        public var agentSteps: Int
        /// Where the run stops.
        public var totalSteps: Int
        /// Agent steps per second of this process.
        public var stepsPerSecond: Double
        /// Mean return of the last training episodes; NaN before the first has ended.
        public var meanReturn: Double
        /// ε of the next action, averaged over the workers; `nil` for a method without.
        public var epsilon: Double?
    }

    /// The run's directory.
    public let directory: RunDirectory
    /// What is trained.
    public let trainer: Trainer
    /// Steps, saves, retention.
    public let options: RunDirectory.Options
    /// The last checkpoint written or resumed from.
    public var lastCheckpoint: URL? { saves.lastFile }

    let saver: ChiefSaver
    private let metrics: MetricsFile
    private let workersFile: WorkersFile
    let logger: Logger
    private let firstStep: Int
    /// What became of the saves.
    var saves: Saves

    /// Creates a run in a new directory; nothing is written when the configuration is refused.
    ///
    /// - Throws: ``TrainingError`` and the errors of ``Trainer/init(_:backend:)``.
    public init(
        _ configuration: TrainingConfiguration, options: RunDirectory.Options, in directory: RunDirectory,
        logger: Logger = Logger(label: "swift-dqn")
    ) throws {
        try directory.requireNoRun()
        try configuration.validate(steps: options.steps)
        trainer = try Trainer(configuration, conduct: options.conduct)
        try directory.makeFolders()
        let store = try CheckpointStore(directory: directory.checkpoints, keepLast: options.keep)
        saver = try ChiefSaver(store, lineage: Lineage(directory.lineage, resumedFrom: nil))
        // Asked again, now that nobody else can begin a run here.
        try directory.create(configuration, options)
        self.directory = directory
        self.options = options
        self.logger = logger
        saves = Saves()
        metrics = try MetricsFile(directory.metrics, history: MetricHistory(), own: trainer.method.metrics)
        workersFile = try WorkersFile(directory.workers, upTo: 0)
        firstStep = 0
    }

    /// Goes on with a run from its newest valid checkpoint.
    ///
    /// A damaged newer file is renamed `*.damaged` and said; one that a kill left half written is removed and said.
    /// - Parameters:
    ///   - steps: the new total of agent steps; `nil` keeps the run's own, as with the next two.
    ///   - saveEvery: agent steps between saves.
    ///   - keep: newest checkpoints kept.
    ///   - workers: how many; see ``Trainer/init(resuming:workers:conduct:backend:)``.
    ///   - memory: bytes that the workers may take.
    ///   - workerTimeout: seconds without a finished step after which a worker counts as stuck.
    /// - Throws: ``TrainingError`` (`nothingToResume`, `cannotResume`).
    public init(
        resuming directory: RunDirectory, steps: Int? = nil, saveEvery: Int? = nil, keep: Int? = nil,
        workers: Int? = nil, memory: Int? = nil, workerTimeout: Double? = nil,
        logger: Logger = Logger(label: "swift-dqn")
    ) throws {
        let description = try directory.read()
        var options = description.run
        options.steps = steps ?? options.steps
        options.saveEvery = saveEvery ?? options.saveEvery
        options.keep = keep ?? options.keep
        options.memory = memory ?? options.memory
        options.workerTimeout = workerTimeout ?? options.workerTimeout
        let store = try CheckpointStore(directory: directory.checkpoints, keepLast: options.keep)
        let newest = try store.recoverLatest { logger.warning("\($0)") }
        guard let newest else {
            throw TrainingError(
                code: .nothingToResume,
                message: "'\(directory.url.path)' holds no valid checkpoint; start the run anew in another directory.")
        }
        let trainer = try Trainer(resuming: newest.checkpoint, workers: workers, conduct: options.conduct)
        for notice in trainer.notices { logger.warning("\(notice)") }
        try trainer.configuration.validate(steps: options.steps)
        if description.compute != ComputeThreads.libraryDescription {
            logger.warning(
                """
                this run was computed with \(description.compute) and goes on with \
                \(ComputeThreads.libraryDescription): it goes on correctly, but not bit for bit as it would have
                """)
        }
        self.trainer = trainer
        self.directory = directory
        self.options = options
        self.logger = logger
        firstStep = trainer.counters.agentSteps
        let parent = try CheckpointSummary(contentsOf: newest.url).digest
        saver = try ChiefSaver(store, lineage: Lineage(directory.lineage, resumedFrom: parent))
        saves = Saves(lastFile: newest.url, step: firstStep)
        metrics = try MetricsFile(directory.metrics, history: trainer.history, own: trainer.method.metrics)
        workersFile = try WorkersFile(directory.workers, upTo: firstStep)
        try directory.write(trainer.configuration, options)
    }

    /// Trains until the steps are done, the target return is reached, all workers have finished or `isInterrupted` says
    /// so, and saves.
    ///
    /// - Parameters:
    ///   - isInterrupted: asked some fifty times a second.
    ///   - onProgress: told about ten times a second.
    /// - Throws: ``TrainingError`` (`runFailed`) when training fails, after saving what can be saved, or when the last state
    ///   could not be saved.
    public func run(
        isInterrupted: () -> Bool = { false }, onProgress: (Progress) -> Void = { _ in }
    ) throws -> Outcome {
        let clock = ContinuousClock()
        let start = clock.now
        var lastProgress = start
        func showProgress() {
            let now = clock.now
            guard now - lastProgress > .milliseconds(100) else { return }
            lastProgress = now
            onProgress(progress(seconds: (now - start) / .seconds(1)))
        }
        // Whatever kills a run, there is something to resume.
        if saves.step == nil { saveLastState() }
        var outcome = Outcome.completed
        do {
            while trainer.counters.agentSteps < options.steps || trainer.isWorkDue, !trainer.reachedTarget,
                !trainer.allWorkersFinished
            {
                if isInterrupted() {
                    outcome = .interrupted
                    break
                }
                let report = try trainer.advance(to: nextStop) {
                    showProgress()
                    return isInterrupted()
                }
                noteSaves(saver.finished())
                record(report, seconds: (clock.now - start) / .seconds(1))
                if report.metrics != nil, saves.step == trainer.counters.agentSteps {
                    // What was interrupted before it had been evaluated is saved again, now as it should have been.
                    saves.replaceableStep = saves.step
                    saves.step = nil
                }
                if report.isBest || isSaveDue { save() }
                if let failure = trainer.failure { throw failure }
                showProgress()
            }
        } catch {
            throw salvage(error)
        }
        if trainer.reachedTarget { outcome = .reachedTarget }
        saveLastState()
        if let failure = trainer.failure { throw salvage(failure) }
        if let complaint = saves.complaint(at: trainer.counters.agentSteps) {
            // An interrupted run says so by its outcome; the log has told of the failure.
            if outcome != .interrupted || saves.step == nil { throw complaint }
        }
        return outcome
    }

    private func progress(seconds: Double) -> Progress {
        let step = min(trainer.agentStepsUnderWay, options.steps)
        return Progress(
            agentSteps: step, totalSteps: options.steps,
            stepsPerSecond: Double(step - firstStep) / max(seconds, 1e-9), meanReturn: trainer.meanEpisodeReturn,
            epsilon: trainer.epsilon)
    }

    /// Writes down what an advance led to.
    private func record(_ report: Trainer.Report, seconds: Double) {
        let step = trainer.counters.agentSteps
        for notice in report.notices { logger.notice("\(notice)") }
        if let evaluation = report.evaluation {
            logger.info("\(Self.describe(evaluation, isBest: report.isBest))")
            drawCurve()
        }
        guard let row = report.metrics else { return }
        do {
            try metrics.append(
                step: step, values: row.merging(saves.metrics) { $1 }, elapsed: metrics.elapsedBefore + seconds,
                stepsPerSecond: Double(step - firstStep) / max(seconds, 1e-9))
            try workersFile.append(step: step, report.workers, seconds: seconds)
        } catch {
            logger.error("metrics could not be written, training goes on: \(systemReason(error))")
        }
    }

    /// Draws the learning curve; a failure is said and training goes on.
    private func drawCurve() {
        let (configuration, history) = (trainer.configuration, trainer.history)
        do {
            let plot = try CurvePlot(
                environment: configuration.environment, method: configuration.method, agentSteps: history.agentSteps,
                columns: history.columns)
            try Data(plot.svg.utf8).write(to: directory.curve, options: .atomic)
        } catch {
            logger.error("curve.svg could not be drawn, training goes on: \(systemReason(error))")
        }
    }

    /// Where the workers stop next, at the latest.
    private var nextStop: Int {
        guard options.saveEvery > 0 else { return options.steps }
        let next = (trainer.counters.agentSteps / options.saveEvery + 1) * options.saveEvery
        return min(options.steps, next)
    }

    private static func describe(_ evaluation: Evaluation, isBest: Bool) -> String {
        let mean = String(format: "%.2f ± %.2f", evaluation.meanReturn, evaluation.standardDeviation)
        return "step \(evaluation.agentSteps): evaluation \(mean) over \(evaluation.episodes) episodes"
            + (isBest ? ", the best so far" : "")
    }
}
