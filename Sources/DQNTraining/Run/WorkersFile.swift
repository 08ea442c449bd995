internal import DQNCheckpoint
internal import DQNLearning
internal import DQNSupport
internal import Foundation

/// `workers.csv`: one row per worker for each row of `metrics.csv`.
///
/// A resumed run keeps the rows of the steps in its checkpoint's history and appends to the file. Later rows, and those
/// of a step whose evaluation was not saved and is repeated, are dropped.
final class WorkersFile {
    /// The columns, in order.
    static let columns = [
        "time/total_timesteps", "worker", "worker/timesteps", "worker/fps", "worker/ep_rew_mean", "worker/n_updates",
        "worker/staleness", "worker/exploration_rate",
    ]

    /// The numbers that workers can have.
    private static let workers = 0..<4096

    private let file: AppendedFile
    private var lastRows: [Int: (steps: Int, time: Double)] = [:]

    /// Opens the file, keeping one row per worker for each row of a history.
    ///
    /// - Parameter history: empty for a new run.
    init(_ url: URL, history: MetricHistory) throws(TrainingError) {
        let steps = Set(history.agentSteps)
        var positions: [[Int]: Int] = [:]
        var rows: [String] = []
        // A file that cannot be read has no rows to keep. It may be of any size.
        try? FileLines.forEach(url.path) { bytes in
            guard let bytes else { return }
            let line = String(decoding: bytes, as: UTF8.self)
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count == Self.columns.count, let step = Int(cells[0]), steps.contains(step),
                let worker = Int(cells[1]), Self.workers.contains(worker)
            else { return }
            // Earlier releases wrote a repeated evaluation's row again; the last one counts.
            if let position = positions[[step, worker]] {
                rows[position] = line
            } else {
                positions[[step, worker]] = rows.count
                rows.append(line)
            }
        }
        let text = ([Self.columns.joined(separator: ",")] + rows).joined(separator: "\n") + "\n"
        file = try RunDirectory.createLog(url, contents: text)
    }

    /// Returns the figures of each worker with its speed since the last call.
    ///
    /// - Parameters:
    ///   - reports: the figures of each worker.
    ///   - seconds: of training in this process.
    func rows(_ reports: [WorkerReport], seconds: Double) -> [WorkerRow] {
        reports.map { report in
            let previous = lastRows[report.index]
            let rate = previous.map { Double(report.agentSteps - $0.steps) / max(seconds - $0.time, 1e-9) }
            lastRows[report.index] = (report.agentSteps, seconds)
            return WorkerRow(report, stepsPerSecond: rate)
        }
    }

    /// Appends one row per worker.
    func append(step: Int, _ rows: [WorkerRow]) throws {
        var text = ""
        for row in rows {
            let report = row.report
            let cells = [
                String(step), String(report.index), String(report.agentSteps),
                row.stepsPerSecond.map { String(Int($0)) } ?? "",
                Self.cell(report.meanReturn), String(report.updates), Self.cell(report.staleness),
                Self.cell(report.epsilon),
            ]
            text += cells.joined(separator: ",") + "\n"
        }
        try file.append(Data(text.utf8))
    }

    private static func cell(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "" }
        return String(value)
    }
}
