internal import DQNCheckpoint
internal import DQNModel
public import DQNReport
internal import DQNSupport
internal import Foundation

/// Where a run's learning curve comes from: its directory, or a checkpoint file.
public enum CurveSource {
    /// Reads one metric of a run.
    ///
    /// Against agent steps it comes from the file, or from the directory's newest valid checkpoint, whose history is
    /// whole and exact; against time from the directory's `metrics.csv`, the only place with a clock. Reading a
    /// checkpoint costs as much as its size.
    /// - Parameters:
    ///   - path: a run's directory or a checkpoint file, as the user wrote it.
    ///   - metric: the metric's name, `eval/mean_reward`.
    ///   - progress: what the metric is read against.
    ///   - notice: told of each damaged checkpoint that is passed over.
    /// - Throws: ``DQNCheckpoint/CheckpointError`` when there is no checkpoint or it cannot be read;
    ///   ``DQNReport/ReportError`` (`unknownMetric`, `empty`, `noClock`, `malformedTable`).
    public static func run(
        _ path: String, metric: String, against progress: CurvePlot.Progress, notice: (String) -> Void
    ) throws -> RecordedRun {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
        if exists, !isDirectory.boolValue, progress == .time {
            throw ReportError(
                code: .noClock,
                message:
                    "'\(path)' is a file, and the clock is kept in run directories alone; name the run's directory."
            )
        }
        let file = try CheckpointLocation.resolve(url, .latest, notice: notice)
        switch progress {
        case .steps:
            let checkpoint = try Checkpoint(contentsOf: file)
            let curve = try MetricTable(columns: checkpoint.history.columns).curve(
                metric, against: checkpoint.history.agentSteps.map(Double.init), in: path)
            return RecordedRun(name: path, configuration: checkpoint.configuration, curve: curve)
        case .time:
            let table = try metrics(of: url, path)
            let curve = try table.curve(metric, against: table.column("time/time_elapsed", in: path), in: path)
            return RecordedRun(
                name: path, configuration: try CheckpointSummary(contentsOf: file).configuration, curve: curve)
        }
    }

    private static func metrics(of directory: URL, _ path: String) throws -> MetricTable {
        let file = directory.appendingPathComponent("metrics.csv")
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw CheckpointError(
                code: .missing,
                message: "'\(path)' has no metrics.csv, where a run keeps its clock; name a run's directory.")
        }
        let contents: Data
        do { contents = try Data(contentsOf: file) } catch {
            throw CheckpointError(
                code: .inputOutput, message: "'\(file.path)' cannot be read (\(systemReason(error))).",
                underlying: error)
        }
        do throws(ReportError) {
            return try MetricTable(commaSeparated: String(decoding: contents, as: UTF8.self))
        } catch {
            throw ReportError(code: error.code, message: "'\(file.path)' is no table of metrics: \(error.message)")
        }
    }
}
