internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork
public import Foundation
public import Logging

/// The chief of a run: drives a ``Trainer``, writes its metrics and checkpoints into a ``RunDirectory``, and ends it.
///
/// Only the chief writes. Not thread-safe.
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
        /// Agent steps taken, of how many.
        public var agentSteps: Int
        /// Where the run stops.
        public var totalSteps: Int
        /// Agent steps per second of this process.
        public var stepsPerSecond: Double
        /// Mean return of the last training episodes; NaN before the first has ended.
        public var meanReturn: Double
        /// ε of the next action.
        public var epsilon: Double
    }

    /// The run's directory.
    public let directory: RunDirectory
    /// What is trained.
    public let trainer: Trainer
    /// Steps, saves, retention.
    public let options: RunDirectory.Options
    /// The last checkpoint written or resumed from.
    public private(set) var lastCheckpoint: URL?

    private let store: CheckpointStore
    private let metrics: MetricsFile
    private let logger: Logger
    private let firstStep: Int
    private var lastSaveError: (any Error)?

    /// Creates a run in a new directory; nothing is written when the configuration is refused.
    ///
    /// - Throws: ``TrainingError`` and the errors of ``Trainer/init(_:backend:)``.
    public init(
        _ configuration: TrainingConfiguration, options: RunDirectory.Options, in directory: RunDirectory,
        logger: Logger
    ) throws {
        try directory.requireNoRun()
        try configuration.validate(steps: options.steps)
        trainer = try Trainer(configuration)
        try directory.create(configuration, options)
        self.directory = directory
        self.options = options
        self.logger = logger
        store = try CheckpointStore(directory: directory.checkpoints, retention: .init(keepLast: options.keep))
        metrics = try MetricsFile(directory.metrics, history: MetricHistory())
        firstStep = 0
    }

    /// Goes on with a run from its newest valid checkpoint.
    ///
    /// A damaged newer file is renamed `*.damaged` and said; one that a kill left half written is removed and said.
    /// - Parameters:
    ///   - steps: the new total of agent steps; `nil` keeps the run's own, as with the next two.
    ///   - saveEvery: agent steps between saves.
    ///   - keep: newest checkpoints kept.
    /// - Throws: ``TrainingError`` (`nothingToResume`, `cannotResume`).
    public init(
        resuming directory: RunDirectory, steps: Int? = nil, saveEvery: Int? = nil, keep: Int? = nil, logger: Logger
    ) throws {
        let description = try directory.read()
        var options = description.run
        options.steps = steps ?? options.steps
        options.saveEvery = saveEvery ?? options.saveEvery
        options.keep = keep ?? options.keep
        store = try CheckpointStore(directory: directory.checkpoints, retention: .init(keepLast: options.keep))
        let newest = try store.recoverLatest { logger.warning("\($0)") }
        guard let newest else {
            throw TrainingError(
                code: .nothingToResume,
                message: "'\(directory.url.path)' holds no valid checkpoint; start the run anew in another directory.")
        }
        let trainer = try Trainer(resuming: newest.checkpoint)
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
        lastCheckpoint = newest.url
        firstStep = trainer.counters.agentSteps
        savedStep = firstStep
        metrics = try MetricsFile(directory.metrics, history: trainer.history)
        try directory.write(trainer.configuration, options)
    }

    /// Trains until the steps are done, the target return is reached or `isInterrupted` says so, and saves.
    ///
    /// - Parameters:
    ///   - isInterrupted: asked after every step.
    ///   - onProgress: told about ten times a second.
    /// - Throws: ``TrainingError`` (`runFailed`) when training fails, or when the last state could not be saved.
    public func run(
        isInterrupted: () -> Bool = { false }, onProgress: (Progress) -> Void = { _ in }
    ) throws -> Outcome {
        let clock = ContinuousClock()
        let start = clock.now
        var lastProgress = start
        var outcome = Outcome.completed
        // Whatever kills a run, there is something to resume.
        if savedStep == nil { save() }
        while trainer.counters.agentSteps < options.steps {
            if trainer.reachedTarget { break }
            if isInterrupted() {
                outcome = .interrupted
                break
            }
            let report = try trainer.step()
            let step = trainer.counters.agentSteps
            // The clock is asked rarely: a step of a small environment takes less than asking.
            if report.metrics == nil, report.evaluation == nil, step % 64 != 0, !isSaveDue(step) { continue }
            let now = clock.now
            let seconds = (now - start) / .seconds(1)
            let rate = Double(step - firstStep) / max(seconds, 1e-9)
            if let row = report.metrics { writeMetrics(step: step, row, seconds: seconds, rate: rate) }
            if let evaluation = report.evaluation { logger.info("\(Self.describe(evaluation, isBest: report.isBest))") }
            if report.isBest || isSaveDue(step) { save() }
            if now - lastProgress > .milliseconds(100) {
                lastProgress = now
                onProgress(
                    Progress(
                        agentSteps: step, totalSteps: options.steps, stepsPerSecond: rate,
                        meanReturn: trainer.meanEpisodeReturn, epsilon: trainer.epsilon))
            }
        }
        if trainer.reachedTarget { outcome = .reachedTarget }
        if savedStep != trainer.counters.agentSteps { save() }
        if let lastSaveError {
            throw TrainingError(
                code: .runFailed,
                message: "The run's last state, agent step \(trainer.counters.agentSteps), could not be saved: "
                    + "\(lastSaveError) Earlier checkpoints are intact.",
                underlying: lastSaveError)
        }
        return outcome
    }

    private var savedStep: Int?

    private func isSaveDue(_ step: Int) -> Bool { options.saveEvery > 0 && step % options.saveEvery == 0 }

    /// Saves; a failure is said and training goes on, since the disk may have room again by the next save.
    private func save() {
        let step = trainer.counters.agentSteps
        do {
            let receipt = try store.commit(try trainer.checkpoint())
            for notice in receipt.notices { logger.warning("\(notice)") }
            lastCheckpoint = receipt.url
            savedStep = step
            lastSaveError = nil
            logger.debug("saved \(receipt.url.path)")
        } catch {
            lastSaveError = error
            logger.error("the save at agent step \(step) failed, training goes on: \(error)")
        }
    }

    private func writeMetrics(step: Int, _ row: [String: Double], seconds: Double, rate: Double) {
        do {
            try metrics.append(
                step: step, values: row, elapsed: metrics.elapsedBefore + seconds, stepsPerSecond: rate)
        } catch {
            logger.error("metrics.csv could not be written, training goes on: \(RunDirectory.reason(error))")
        }
    }

    private static func describe(_ evaluation: Evaluation, isBest: Bool) -> String {
        let mean = String(format: "%.2f ± %.2f", evaluation.meanReturn, evaluation.standardDeviation)
        return "step \(evaluation.agentSteps): evaluation \(mean) over \(evaluation.episodes) episodes"
            + (isBest ? ", the best so far" : "")
    }
}
