internal import DQNCheckpoint
internal import DQNLearning
internal import DQNSupport
internal import Foundation

/// `metrics.csv`: the metrics by agent step, with wall-clock times, under the names of Stable-Baselines3.
///
/// The checkpoint's history is authoritative. A resume drops rows beyond the checkpoint and adds rows that a killed
/// process did not write, without wall-clock times.
final class MetricsFile {
    /// The columns of all methods, in order.
    static let commonColumns = [
        "time/total_timesteps", "time/time_elapsed", "time/fps", "time/episodes", "rollout/ep_rew_mean",
        "rollout/ep_len_mean", "rollout/exploration_rate", "rollout/abandoned_episodes", "train/n_updates",
        "train/learning_rate", "train/loss",
        "train/gradient_norm", "train/staleness", "train/policy_loss", "train/value_loss", "train/entropy",
        "eval/mean_reward", "eval/std_reward", "save/seconds", "save/failures",
    ]

    /// The column with the agent step.
    static let stepColumn = "time/total_timesteps"

    private let columns: [String]
    private let file: AppendedFile
    /// Seconds of training before this process, according to the last row.
    let elapsedBefore: Double

    /// Rewrites the file with the rows of a history.
    ///
    /// - Parameters:
    ///   - history: empty for a new run.
    ///   - furtherColumns: the columns of the run's method and of its probe batch.
    init(_ url: URL, history: MetricHistory, furtherColumns: [String]) throws(TrainingError) {
        let columns = Self.commonColumns + furtherColumns.filter { !Self.commonColumns.contains($0) }
        self.columns = columns
        let previous = Self.rows(in: url, columns: columns, of: Set(history.agentSteps))
        var text = columns.joined(separator: ",") + "\n"
        var elapsed = 0.0
        for (index, step) in history.agentSteps.enumerated() {
            if let row = previous[step] {
                text += row.text + "\n"
                elapsed = row.elapsed ?? elapsed
            } else {
                let values = history.columns.compactMapValues { $0[index] }
                text += Self.line(step: step, values: values, columns)
            }
        }
        elapsedBefore = elapsed
        file = try RunDirectory.createLog(url, contents: text)
    }

    /// Returns a row with the times of this moment.
    func row(step: Int, values: [String: Double], elapsed: Double, stepsPerSecond: Double) -> MetricsRow {
        var values = values
        // Milliseconds and whole steps: more digits would have no meaning.
        values["time/time_elapsed"] = (elapsed * 1000).rounded() / 1000
        values["time/fps"] = stepsPerSecond.rounded()
        return MetricsRow(step: step, values: values, columns)
    }

    /// Appends a row. Rows are not buffered, so a killed process loses none.
    func append(_ row: MetricsRow) throws {
        let values = Dictionary(row.cells.map { ($0.name, $0.value) }) { first, _ in first }
        try file.append(Data(Self.line(step: row.step, values: values, columns).utf8))
    }

    private static func line(step: Int, values: [String: Double], _ columns: [String]) -> String {
        let cells = columns.map { name -> String in
            if name == stepColumn { return String(step) }
            guard let value = values[name], value.isFinite else { return "" }
            return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
        }
        return cells.joined(separator: ",") + "\n"
    }

    /// The complete rows of an existing file by agent step. Their cells are put into the current order of columns,
    /// because an older version may have used another order.
    ///
    /// - Parameter steps: The agent steps whose rows are needed. The file may be of any size.
    private static func rows(
        in url: URL, columns: [String], of steps: Set<Int>
    ) -> [Int: (text: String, elapsed: Double?)] {
        var rows: [Int: (text: String, elapsed: Double?)] = [:]
        var width: Int?
        var positions: [Int?] = []
        // A file that cannot be read has no rows to keep.
        try? FileLines.forEach(url.path) { line in
            guard let line, !line.isEmpty else { return }
            let cells = String(decoding: line, as: UTF8.self).split(separator: ",", omittingEmptySubsequences: false)
            guard let width else {
                width = cells.count
                positions = columns.map { name in cells.firstIndex { $0 == name } }
                return
            }
            guard cells.count == width, let step = Int(cells[0]), steps.contains(step) else { return }
            let row = positions.map { $0.map { cells[$0] } ?? "" }
            rows[step] = (row.joined(separator: ","), Double(row[1]))
        }
        return rows
    }
}
