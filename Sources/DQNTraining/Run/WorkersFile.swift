internal import DQNLearning
internal import DQNSupport
internal import Foundation

/// `workers.csv`: one row per worker for each row of `metrics.csv`.
///
/// A resumed run drops the rows beyond its checkpoint and appends to the file.
final class WorkersFile {
    /// The columns, in order.
    static let columns = [
        "time/total_timesteps", "worker", "worker/timesteps", "worker/fps", "worker/ep_rew_mean", "worker/n_updates",
        "worker/staleness", "worker/exploration_rate",
    ]

    private let file: AppendedFile
    private var lastRows: [Int: (steps: Int, time: Double)] = [:]

    /// Opens the file, keeping the rows up to an agent step.
    init(_ url: URL, upTo step: Int) throws(TrainingError) {
        let previous = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        let rows = previous.split(separator: "\n").dropFirst().filter { line in
            line.split(separator: ",", omittingEmptySubsequences: false).count == Self.columns.count
                && (Int(line.prefix { $0 != "," }) ?? .max) <= step
        }
        let text = ([Substring(Self.columns.joined(separator: ","))] + rows).joined(separator: "\n") + "\n"
        file = try RunDirectory.createLog(url, contents: text)
    }

    /// Appends one row per worker.
    ///
    /// - Parameters:
    ///   - reports: the figures of each worker.
    ///   - seconds: of training in this process.
    func append(step: Int, _ reports: [WorkerReport], seconds: Double) throws {
        var text = ""
        for report in reports {
            let previous = lastRows[report.index]
            let rate = previous.map { Double(report.agentSteps - $0.steps) / max(seconds - $0.time, 1e-9) }
            lastRows[report.index] = (report.agentSteps, seconds)
            let cells = [
                String(step), String(report.index), String(report.agentSteps), rate.map { String(Int($0)) } ?? "",
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
