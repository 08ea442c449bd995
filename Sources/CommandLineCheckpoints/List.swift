import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import Foundation

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the checkpoints of a run.",
        discussion: """
            Verifies each file and shows its size and evaluation, in order of agent steps.

            EXAMPLES
              dqn-checkpoint ls runs/cartpole
            """)
    @Argument(help: "Run directory, or directory of checkpoints.") var directory: String
    @Flag(help: "Print one JSON document.") var json = false

    private struct Row: Encodable {
        var file: String
        var agent_steps: Int
        var bytes: Int?
        var mean_return: Double?
        var valid: Bool
        var reason: String?
    }

    func run() throws {
        try perform {
            let url = try fileURL(directory, "DIRECTORY")
            let store = try CheckpointStore(directory: CheckpointLocation.directory(of: url))
            let rows = try store.entries().map(row)
            if json { return try printJSON(rows) }
            for row in rows {
                let bytes = row.bytes.map { "\($0) bytes" } ?? ""
                let mean = row.mean_return.map { String(format: "evaluation %.2f", $0) } ?? ""
                let parts = [row.file, bytes, mean, row.reason.map { "DAMAGED \($0)" } ?? ""]
                try StandardOutput.line(parts.filter { !$0.isEmpty }.joined(separator: "  "))
            }
            if rows.isEmpty { writeError("no checkpoints in \(directory)") }
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
            return Row(file: name, agent_steps: entry.agentSteps, valid: false, reason: "\(failure)")
        }
        let summary = try? CheckpointSummary(contentsOf: entry.url)
        return Row(
            file: name, agent_steps: entry.agentSteps, bytes: summary?.byteCount,
            mean_return: summary?.evaluation?.meanReturn, valid: true)
    }
}
