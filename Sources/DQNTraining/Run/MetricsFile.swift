internal import DQNCheckpoint
internal import DQNLearning
internal import Foundation

/// `metrics.csv`: a row of figures at a time, with the wall clock, named as Stable-Baselines3 names them.
///
/// The checkpoint's history is the truth, this file adds the wall clock: at a resume rows beyond the checkpoint are
/// dropped and rows that a kill kept from the file are written again, without wall-clock figures.
final class MetricsFile {
    /// The columns that all methods have, in order.
    static let commonColumns = [
        "time/total_timesteps", "time/time_elapsed", "time/fps", "time/episodes", "rollout/ep_rew_mean",
        "rollout/ep_len_mean", "rollout/exploration_rate", "rollout/abandoned_episodes", "train/n_updates",
        "train/learning_rate", "train/loss",
        "train/gradient_norm", "train/staleness", "train/policy_loss", "train/value_loss", "train/entropy",
        "eval/mean_reward", "eval/std_reward", "save/seconds", "save/failures",
    ]

    private let columns: [String]
    private let handle: FileHandle
    /// Seconds of training before this process, from the last row.
    let elapsedBefore: Double

    /// Starts the file anew with the rows of a history: none for a new run.
    ///
    /// - Parameter own: figures that the method reports besides.
    init(_ url: URL, history: MetricHistory, own: [String]) throws(TrainingError) {
        let columns = Self.commonColumns + own.map { "train/\($0)" }.filter { !Self.commonColumns.contains($0) }
        self.columns = columns
        let previous = Self.rows(in: url, columns: columns)
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
        handle = try RunDirectory.beginLog(url, with: text)
    }

    deinit { try? handle.close() }

    /// Adds a row; it reaches the system at once, so that a kill loses none.
    func append(step: Int, values: [String: Double], elapsed: Double, stepsPerSecond: Double) throws {
        var values = values
        // Milliseconds and whole steps: a clock gives no more.
        values["time/time_elapsed"] = (elapsed * 1000).rounded() / 1000
        values["time/fps"] = stepsPerSecond.rounded()
        try handle.write(contentsOf: Data(Self.line(step: step, values: values, columns).utf8))
    }

    private static func line(step: Int, values: [String: Double], _ columns: [String]) -> String {
        let cells = columns.map { name -> String in
            if name == "time/total_timesteps" { return String(step) }
            guard let value = values[name], value.isFinite else { return "" }
            return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
        }
        return cells.joined(separator: ",") + "\n"
    }

    /// The whole rows of a file by agent step, with its columns brought into the present order: an older program may have
    /// written others.
    private static func rows(in url: URL, columns: [String]) -> [Int: (text: String, elapsed: Double?)] {
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { return [:] }
        func cells(_ line: Substring) -> [Substring] { line.split(separator: ",", omittingEmptySubsequences: false) }
        let lines = text.split(separator: "\n")
        guard let header = lines.first.map(cells) else { return [:] }
        let places = columns.map { name in header.firstIndex { $0 == name } }
        var rows: [Int: (text: String, elapsed: Double?)] = [:]
        for line in lines.dropFirst() {
            let found = cells(line)
            guard found.count == header.count, let step = Int(found[0]) else { continue }
            let row = places.map { $0.map { found[$0] } ?? "" }
            rows[step] = (row.joined(separator: ","), Double(row[1]))
        }
        return rows
    }
}
