internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNReport
internal import DQNSupport
internal import Foundation

/// The events of a run for TensorBoard: the numbers of `metrics.csv` and `workers.csv`, the configuration, and at each
/// evaluation a picture of an episode and the distribution of the network's values.
///
/// As with `metrics.csv`, the checkpoint's history is authoritative: a resume drops events of other steps, and adds the
/// numbers of steps that the file lacks.
final class EventLog {
    /// The metrics that TensorBoard's table of hyperparameters compares.
    private static let comparedMetrics = [Metric.evaluationReturn, Metric.trainingReturn]

    private let file: AppendedFile

    /// Opens the file of a run.
    ///
    /// - Parameters:
    ///   - history: empty for a new run.
    ///   - elapsed: seconds of training before this process.
    init(
        _ folder: EventFolder, of directory: RunDirectory, _ configuration: TrainingConfiguration,
        history: MetricHistory, elapsed: Double
    ) throws(TrainingError) {
        let now = Date().timeIntervalSince1970
        let steps = Set(history.agentSteps)
        var known: Set<String> = []
        // A kill between two files leaves events twice; the first one counts.
        var stored: [EventFile.Entry] = []
        for file in folder.files {
            do throws(SystemError) { stored += try EventFile.outlines(of: file.path) } catch {
                throw TrainingError(
                    code: .outputDirectory,
                    message: "The events for TensorBoard in '\(file.path)' cannot be read (\(error)); check its "
                        + "permissions, or move it away.", underlying: error)
            }
        }
        let entries = stored.filter { entry in
            let outline = entry.outline
            return steps.contains(outline.step) && known.insert("\(outline.step) \(outline.kind)").inserted
        }
        let missing = steps.filter { !known.contains("\($0) \(EventOutline.scalars)") }
        var parts: [EventFile.Part] = []
        var elapsed = elapsed
        if !missing.isEmpty {
            do {
                let rows = try RecordedRows(of: directory, at: missing)
                // A run that has nothing to do has not read its times.
                elapsed = rows.elapsed.values.reduce(elapsed, max)
                for step in missing {
                    let time = now - elapsed + (rows.elapsed[step] ?? elapsed)
                    let event = SummaryEvent.scalars(rows.cells[step] ?? [], step: step, time: time)
                    parts.append(.new(event, step: step))
                }
            } catch {
                throw TrainingError(
                    code: .outputDirectory,
                    message: "The events for TensorBoard cannot be completed: \(systemReason(error)).",
                    underlying: error)
            }
        }
        parts += entries.map { .stored($0) }
        // The order of a step's own events stays.
        let ordered = parts.enumerated().sorted { ($0.element.step, $0.offset) < ($1.element.step, $1.offset) }
        let start = entries.first?.outline.time ?? now - elapsed
        let beginning =
            [SummaryEvent.version(time: start), .start(time: start)]
            + RunParameters(configuration.json, metrics: Self.comparedMetrics).start(time: start)
        do throws(SystemError) {
            file = try folder.replaceFiles(beginning: beginning, ordered.map(\.element))
        } catch { throw RunDirectory.cannotWrite(folder.url.path, error) }
    }

    /// Adds a row.
    func append(_ row: MetricsRow, _ workers: [WorkerRow]) throws(SystemError) {
        let cells =
            row.cells.map { (tag: MetricTag.name(ofColumn: $0.name, worker: nil), value: $0.value) }
            + workers.flatMap { worker in
                worker.cells.map {
                    (tag: MetricTag.name(ofColumn: $0.name, worker: worker.report.index), value: $0.value)
                }
            }
        try append(.scalars(cells, step: row.step, time: Self.now))
    }

    /// Adds what an evaluation shows.
    func append(_ result: EvaluationResult) throws(SystemError) {
        let step = result.evaluation.agentSteps
        if let histogram = result.probe?.histogram {
            let tag = result.probe?.entropy == nil ? "probe/q_values" : "probe/state_values"
            try append(.histogram(tag, histogram, step: step, time: Self.now))
        }
        if let picture = result.picture {
            try append(
                .picture(
                    "evaluation/episode", file: picture.file, width: picture.width, height: picture.height, step: step,
                    time: Self.now))
        }
    }

    /// Records how the run ended.
    func end(_ ending: RunParameters.Ending) throws(SystemError) {
        try append(RunParameters.end(ending, time: Self.now))
    }

    private func append(_ event: SummaryEvent) throws(SystemError) { try file.append(Data(event.record)) }

    private static var now: Double { Date().timeIntervalSince1970 }
}
