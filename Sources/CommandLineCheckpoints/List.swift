import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNSupport
import Foundation

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the checkpoints of a run, or the runs of a directory.",
        discussion: """
            Of a run it verifies each checkpoint and shows its size and evaluation, in order of agent steps. Of a directory \
            of runs it shows the newest valid checkpoint of each.

            EXAMPLES
              dqn-checkpoint ls runs/cartpole
              dqn-checkpoint ls runs
            """)
    @Argument(help: "Run directory, directory of checkpoints, or directory of runs.", completion: .file())
    var directory: String
    @Flag(help: "Print one JSON document.") var json = false

    struct Row: Encodable {
        var file: String
        var agent_steps: Int
        var bytes: Int?
        var mean_return: Double?
        var standard_deviation: Double?
        /// Whether it has the highest evaluation; the earliest of equal ones.
        var best: Bool
        var valid: Bool
        var reason: String?
    }

    func run() throws {
        try perform {
            let url = try fileURL(directory, "DIRECTORY")
            let folder = try CheckpointLocation.directory(of: url)
            let entries = try CheckpointStore(directory: folder).entries()
            // A run whose directory of checkpoints is empty is no directory of runs.
            if entries.isEmpty, folder == url, let runs = try RunList(of: url) {
                return try json ? printJSON(runs.rows) : StandardOutput.styledLines(runs.lines(.standardOutput))
            }
            let rows = markingBest(entries.map(row))
            if json { return try printJSON(rows) }
            if rows.isEmpty { return writeError("no checkpoints in \(directory)") }
            // A file that cannot be trusted is not read again.
            let valid = zip(entries, rows).filter(\.1.valid).map(\.0)
            let curve = valid.reversed().lazy.compactMap { CurveText(contentsOf: $0.url) }.first
            try StandardOutput.styledLines(lines(rows, curve, .standardOutput))
        }
    }

    private func row(_ entry: CheckpointStore.Entry) -> Row {
        let name = entry.url.lastPathComponent
        let failure: CheckpointError?
        do throws(CheckpointError) {
            try CheckpointStore.requireFile(entry.url)
            failure = Verifier.verify(entry.url).failure
        } catch { failure = error }
        if let failure {
            return Row(file: name, agent_steps: entry.agentSteps, best: false, valid: false, reason: "\(failure)")
        }
        let summary = try? CheckpointSummary(contentsOf: entry.url)
        return Row(
            file: name, agent_steps: entry.agentSteps, bytes: summary?.byteCount,
            mean_return: summary?.evaluation?.meanReturn,
            standard_deviation: summary?.evaluation?.standardDeviation, best: false, valid: true)
    }

    private func markingBest(_ rows: [Row]) -> [Row] {
        var rows = rows
        let best = rows.indices.filter { rows[$0].mean_return != nil }.reduce(nil as Int?) { best, index in
            guard let best else { return index }
            return (rows[index].mean_return ?? 0) > (rows[best].mean_return ?? 0) ? index : best
        }
        if let best { rows[best].best = true }
        return rows
    }

    private func lines(_ rows: [Row], _ curve: CurveText?, _ style: TextStyle) -> [String] {
        var table = TextTable([
            ("checkpoint", .left), ("agent steps", .right), ("size", .right), ("evaluation", .right), ("", .left),
        ])
        for row in rows {
            let evaluation = row.mean_return.map { mean in
                String(format: "%.2f ± %.2f", mean, row.standard_deviation ?? 0)
            }
            table.add(
                [
                    row.file, row.agent_steps.grouped, row.bytes.map { "\(ByteCount(bytes: $0))" }, evaluation,
                    row.reason.map { "DAMAGED \($0)" } ?? (row.best ? "best" : nil),
                ], row.valid ? row.best ? .best : .plain : .bad)
        }
        let bytes = rows.reduce(0) { $0 + ($1.bytes ?? 0) }
        let count = rows.count == 1 ? "1 checkpoint" : "\(rows.count.grouped) checkpoints"
        return table.lines(style) + ["\(count), \(ByteCount(bytes: bytes))"]
            + (curve.map { ["learning curve  \($0.text)"] } ?? [])
    }
}
