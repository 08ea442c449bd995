internal import DQNCheckpoint
internal import DQNModel
package import DQNReport
internal import DQNSupport
internal import Foundation

/// Reads learning curves from run directories and checkpoint files.
package enum CurveSource {
    /// Reads one metric of a run.
    ///
    /// Against agent steps the metric comes from the checkpoint file, or from the newest valid checkpoint of the directory,
    /// which has the complete, exact history. Against time it comes from the directory's `metrics.csv`, because checkpoints
    /// do not record times.
    /// - Parameters:
    ///   - path: a run directory or a checkpoint file, as the user typed it.
    ///   - metric: the metric's name, such as `eval/mean_reward`.
    ///   - progress: the horizontal axis.
    ///   - notice: receives a message for each damaged checkpoint that is skipped.
    /// - Throws: `CheckpointError` when there is no readable checkpoint; `ReportError`: `unknownMetric`, `empty`, `noClock`
    ///   or `malformedTable`.
    package static func run(
        _ path: String, metric: String, against progress: CurvePlot.Progress, notice: (String) -> Void
    ) throws -> RecordedRun {
        let url = try fileURL(path, "PATH")
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
        if exists, !isDirectory.boolValue, progress == .time {
            throw ReportError(
                code: .noClock,
                message:
                    "'\(path)' is a file, but only run directories record times; give the run directory."
            )
        }
        let file = try CheckpointLocation.resolve(url, .latest, notice: notice)
        switch progress {
        case .steps:
            let stored = try CheckpointHistory(contentsOf: file)
            let curve = try MetricTable(columns: stored.history.columns).curve(
                metric, against: stored.history.agentSteps.map(Double.init), in: path)
            return RecordedRun(name: path, configuration: stored.configuration, curve: curve)
        case .time:
            let table = try metrics(of: url, path)
            let curve = try table.curve(metric, against: table.column("time/time_elapsed", in: path), in: path)
            return RecordedRun(
                name: path, configuration: try CheckpointSummary(contentsOf: file).configuration, curve: curve)
        }
    }

    private static func metrics(of directory: URL, _ path: String) throws -> MetricTable {
        let file = directory.appendingPathComponent("metrics.csv")
        let kind = FileKind(entry: file.path)
        guard kind != .missing else {
            throw CheckpointError(
                code: .missing,
                message: "'\(path)' has no metrics.csv, which records a run's times; give a run directory.")
        }
        do {
            var lines = MetricTable.Lines()
            try FileLines.forEach(file.path) { try lines.add($0) }
            return try lines.table
        } catch let error as ReportError {
            throw ReportError(code: error.code, message: "Malformed table of metrics '\(file.path)': \(error.message)")
        } catch {
            let reason =
                switch kind {
                case .link: "is a symbolic link; \(FileKind.linkRule): name the run's own directory."
                case .directory, .special: "is \(kind.words), not a run's table of metrics."
                default: "cannot be read (\(systemReason(error)))."
                }
            throw CheckpointError(code: .inputOutput, message: "'\(file.path)' \(reason)", underlying: error)
        }
    }
}
