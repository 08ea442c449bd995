public import DQNCheckpoint
internal import DQNLearning
internal import DQNReport
internal import DQNSupport
public import Foundation
internal import Logging

extension TrainingRun {
    /// A run's progress so far.
    public struct Progress: Sendable {
        /// Agent steps started so far.
        public var agentSteps: Int
        /// Agent steps at which the run stops.
        public var totalSteps: Int
        /// Agent steps per second of this process.
        public var stepsPerSecond: Double
        /// Mean return of the recent training episodes; NaN before the first one ends.
        public var meanReturn: Double
        /// ε of the next action, averaged over the workers; `nil` for a method without exploration rate.
        public var epsilon: Double?
        /// The newest evaluation; `nil` before the first one of this process.
        public var lastEvaluation: Evaluation?
        /// The newest checkpoint; `nil` before the first one.
        public var lastCheckpoint: URL?
        /// What the running evaluation has played; `nil` while none runs.
        package var evaluation: EvaluationState?
        /// Seconds until the run ends, at the speed of the last minute; `nil` before the first steps.
        package var secondsLeft: Double?
        /// Whether the time limit ends the run before it has taken its steps.
        package var endsByTimeLimit = false
    }

    /// The result of a run.
    public struct Summary: Sendable {
        /// How the run ended.
        public let outcome: Outcome
        /// Agent steps, episodes, updates and evaluations since the start of the run.
        public let counters: Counters
        /// The best evaluation of the run.
        public let bestEvaluation: Evaluation?
        /// The newest checkpoint.
        public let lastCheckpoint: URL?
    }

    func summary(_ outcome: Outcome) -> Summary {
        Summary(
            outcome: outcome, counters: trainer.counters, bestEvaluation: trainer.bestEvaluation,
            lastCheckpoint: lastCheckpoint)
    }

    /// Measures the time of a run in this process and spaces its progress reports.
    struct RunClock {
        private let clock = ContinuousClock()
        private var started: ContinuousClock.Instant
        private var lastReport: ContinuousClock.Instant
        private var firstStep = 0
        /// The step at one instant of each of the last sixty seconds with a report.
        private var recentSteps: [(seconds: Double, step: Int)] = []

        init() {
            started = clock.now
            lastReport = started
        }

        mutating func start(at step: Int) {
            self = RunClock()
            firstStep = step
            recentSteps = [(0, step)]
        }

        /// Notes how far the run is, at most once a second.
        mutating func note(_ step: Int) {
            guard let last = recentSteps.last, seconds - last.seconds >= 1 else { return }
            if recentSteps.count == 60 { recentSteps.removeFirst() }
            recentSteps.append((seconds, step))
        }

        /// Returns the seconds that the remaining steps take at the speed of about the last minute, or at that of the
        /// process if the last minute had no steps; `nil` before the first one.
        func secondsLeft(from step: Int, to end: Int) -> Double? {
            if step >= end { return 0 }
            let recent = recentSteps.first.flatMap { $0.step < step ? $0 : nil }
            let (since, from) = recent ?? (0, firstStep)
            return step > from ? Double(end - step) / Double(step - from) * (seconds - since) : nil
        }

        /// Seconds since the start.
        var seconds: Double { (clock.now - started) / .seconds(1) }

        /// Returns whether the last report was more than a tenth of a second ago, and if so counts a new one.
        mutating func shouldReport() -> Bool {
            let now = clock.now
            guard now - lastReport > .milliseconds(100) else { return false }
            lastReport = now
            return true
        }
    }

    /// The present progress.
    var progress: Progress {
        let step = min(trainer.claimedAgentSteps, options.steps)
        let forSteps = clock.secondsLeft(from: step, to: options.steps)
        let forLimit = secondsUntilTimeIsUp
        return Progress(
            agentSteps: step, totalSteps: options.steps, stepsPerSecond: stepsPerSecond(at: step, after: clock.seconds),
            meanReturn: trainer.meanEpisodeReturn, epsilon: trainer.epsilon, lastEvaluation: lastEvaluation,
            lastCheckpoint: lastCheckpoint, evaluation: trainer.evaluationState,
            secondsLeft: [forSteps, forLimit].compactMap(\.self).min(),
            endsByTimeLimit: forLimit.map { $0 < forSteps ?? .infinity } ?? false)
    }

    private func stepsPerSecond(at step: Int, after seconds: Double) -> Double {
        Double(step - firstStep) / max(seconds, 1e-9)
    }

    func reportProgress(_ onProgress: (Progress) -> Void) {
        observeEvaluation()
        guard clock.shouldReport() else { return }
        clock.note(trainer.claimedAgentSteps)
        let current = progress
        watch?.report(current)
        onProgress(current)
    }

    /// Logs the result of an advance and writes it to the metrics files and the learning curve.
    func record(_ report: Trainer.Report) {
        for notice in report.notices { logger.notice("\(notice)") }
        for warning in report.warnings { logger.warning("\(warning)") }
        if let evaluation = report.evaluation {
            lastEvaluation = evaluation
            logger.info("\(Self.describe(evaluation, isBest: report.isBest))")
            drawCurve()
        }
        if let result = report.evaluationResult { watch?.record(result, isBest: report.isBest) }
        // The time of the step, not that of the end of its evaluation.
        let seconds = report.evaluatedState == nil ? clock.seconds : evaluationStart ?? clock.seconds
        if report.evaluatedState != nil {
            evaluationStart = nil
            ending.isEvaluationPlayed = false
        }
        guard let row = report.metrics, let metrics, let workersFile else { return }
        let step = report.step
        let cells = metrics.row(
            step: step, values: row.merging(saves.metrics) { $1 }, elapsed: metrics.elapsedBefore + seconds,
            stepsPerSecond: stepsPerSecond(at: step, after: seconds))
        let workers = workersFile.rows(report.workers, seconds: seconds)
        do {
            try metrics.append(cells)
            try workersFile.append(step: step, workers)
        } catch {
            logger.error("cannot write the metrics, training continues: \(systemReason(error))")
        }
        watch?.record(cells, workers)
    }

    /// Draws the learning curve; a failure is logged and training continues.
    private func drawCurve() {
        let (configuration, history) = (trainer.configuration, trainer.history)
        do {
            let plot = try CurvePlot(
                environment: configuration.environment, method: configuration.method, agentSteps: history.agentSteps,
                columns: history.columns)
            // A lost curve is drawn again at the next evaluation.
            try AtomicFile.write(Data(plot.svg.utf8), to: directory.curve.path, synchronising: false)
        } catch {
            logger.error("cannot draw curve.svg, training continues: \(systemReason(error))")
        }
    }

    private static func describe(_ evaluation: Evaluation, isBest: Bool) -> String {
        let mean = String(format: "%.2f ± %.2f", evaluation.meanReturn, evaluation.standardDeviation)
        return "step \(evaluation.agentSteps): evaluation \(mean) over \(evaluation.episodes) episodes"
            + (isBest ? ", the best so far" : "")
    }
}
