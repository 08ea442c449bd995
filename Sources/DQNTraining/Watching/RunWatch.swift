internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNReport
internal import DQNSupport
internal import Foundation
internal import Logging

/// Passes what a run records to those who watch it. Failures are logged once, and training continues.
final class RunWatch {
    private let events: EventLog?
    private let log: JSONLog?
    private let logger: Logger
    private var hasEventsFailed = false
    private var hasReportedObstacle = false
    private var lastProgress = ContinuousClock.now
    /// The workers' figures in the newest row.
    private(set) var workers: [WorkerRow] = []

    /// The time between two lines about the progress.
    private static let progressInterval = Duration.seconds(10)

    init(_ events: EventLog?, _ log: JSONLog?, _ logger: Logger) {
        (self.events, self.log, self.logger) = (events, log, logger)
    }

    /// The run begins, or continues.
    func begin(_ run: TrainingRun) {
        write("start") {
            [
                "directory": .string(run.directory.url.path),
                "environment": .string(run.trainer.configuration.environment),
                "method": .string(run.trainer.configuration.method),
                "agent_steps": .integer(Int64(run.firstStep)), "total_steps": .integer(Int64(run.options.steps)),
                "configuration": run.trainer.configuration.json,
            ]
        }
    }

    /// A row has been added.
    func record(_ row: MetricsRow, _ workers: [WorkerRow]) {
        self.workers = workers
        writeEvents { (events) throws(SystemError) in try events.append(row, workers) }
        write("metrics") {
            [
                "agent_steps": .integer(Int64(row.step)), "metrics": Self.object(row.cells),
                "workers": .array(
                    workers.map { worker in
                        let cells = worker.cells.map { (name: String($0.name.dropFirst(7)), value: $0.value) }
                        return Self.object(cells + [(name: "worker", value: Double(worker.report.index))])
                    }),
            ]
        }
    }

    /// An evaluation has ended.
    func record(_ result: EvaluationResult, isBest: Bool) {
        writeEvents { (events) throws(SystemError) in try events.append(result) }
        if let obstacle = result.pictureObstacle, events != nil, !hasReportedObstacle {
            hasReportedObstacle = true
            logger.notice("TensorBoard gets no pictures of evaluations, because \(obstacle)")
        }
        write("evaluation") { Self.members(of: result.evaluation).merging(["is_best": .bool(isBest)]) { $1 } }
    }

    /// A checkpoint has been written.
    func saved(_ url: URL, at step: Int) {
        write("checkpoint") { ["agent_steps": .integer(Int64(step)), "path": .string(url.path)] }
    }

    /// The run makes progress. Called about ten times a second.
    func report(_ progress: TrainingRun.Progress) {
        guard log != nil else { return }
        let now = ContinuousClock.now
        guard now - lastProgress >= Self.progressInterval else { return }
        lastProgress = now
        write("progress") {
            var members: [String: JSONValue] = [
                "agent_steps": .integer(Int64(progress.agentSteps)),
                "total_steps": .integer(Int64(progress.totalSteps)),
                "steps_per_second": .number(progress.stepsPerSecond), "mean_return": .number(progress.meanReturn),
            ]
            members["epsilon"] = progress.epsilon.map { .number($0) }
            members["seconds_left"] = progress.secondsLeft.map { .number($0) }
            return members
        }
    }

    /// The run has ended.
    func end(_ run: TrainingRun, _ outcome: TrainingRun.Outcome) {
        if outcome != .interrupted {
            writeEvents { (events) throws(SystemError) in try events.end(.success) }
        }
        write("end") {
            let counters = run.trainer.counters
            var members: [String: JSONValue] = [
                "outcome": .string(outcome.rawValue), "nothing_to_do": .bool(run.idleReason != nil),
                "agent_steps": .integer(Int64(counters.agentSteps)),
                "gradient_updates": .integer(Int64(counters.gradientUpdates)),
                "episodes": .integer(Int64(counters.episodes)),
            ]
            members["checkpoint"] = run.lastCheckpoint.map { .string($0.path) }
            members["best_evaluation"] = run.trainer.bestEvaluation.map { .object(Self.members(of: $0)) }
            return members
        }
    }

    /// The run has failed.
    func end(_ run: TrainingRun, _ error: TrainingError) {
        writeEvents { (events) throws(SystemError) in try events.end(.failure) }
        write("failure") {
            [
                "agent_steps": .integer(Int64(run.trainer.counters.agentSteps)),
                "message": .string(error.description),
            ]
        }
    }

    private func writeEvents(_ body: (EventLog) throws(SystemError) -> Void) {
        guard let events else { return }
        do throws(SystemError) { try body(events) } catch {
            if hasEventsFailed { return }
            hasEventsFailed = true
            logger.error("cannot write the events for TensorBoard, training continues: \(error)")
        }
    }

    private func write(_ event: String, _ members: () -> [String: JSONValue]) {
        guard let log else { return }
        log.write(event, members())
        if let failure = log.takeFailure() { logger.error("\(failure)") }
    }

    private static func members(of evaluation: Evaluation) -> [String: JSONValue] {
        [
            "agent_steps": .integer(Int64(evaluation.agentSteps)), "mean_return": .number(evaluation.meanReturn),
            "standard_deviation": .number(evaluation.standardDeviation),
            "episodes": .integer(Int64(evaluation.episodes)),
        ]
    }

    /// Whole numbers as in `metrics.csv`.
    private static func object(_ cells: [(name: String, value: Double)]) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for cell in cells {
            members[cell.name] = Int64(exactly: cell.value).map { JSONValue.integer($0) } ?? .number(cell.value)
        }
        return .object(members)
    }
}
