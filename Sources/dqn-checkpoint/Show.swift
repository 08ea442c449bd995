import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNModel
import Foundation

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the contents of a checkpoint.",
        discussion: """
            EXAMPLES
              dqn-checkpoint show policy.h5
              dqn-checkpoint show step-000000050000.h5 --json
            """)
    @Argument(help: "Checkpoint file.") var file: String
    @Flag(help: "Print one JSON document.") var json = false

    private struct Document: Encodable {
        struct Dataset: Encodable {
            var path: String
            var type: ElementType
            var shape: [Int]
        }
        struct Worker: Encodable {
            var standing: WorkerStatus
            var agent_steps: Int?
            var final_epsilon: Double?
            /// Absent for one environment.
            var environments: Int?
            var learner: CheckpointSummary.Worker.Learner?
            var replay: CheckpointSummary.Worker.Replay?
        }
        var file: String
        var format_version: String
        var writer: Writer
        var digest: String
        var bytes: Int
        var counters: Counters
        var evaluation: Evaluation?
        var best_evaluation: Evaluation?
        var stripped: [String]
        var architecture: NetworkArchitecture
        var configuration: JSONValue
        var workers: [Worker]
        var datasets: [Dataset]
    }

    func run() throws {
        try perform {
            let summary = try CheckpointSummary(contentsOf: fileURL(file, "FILE"))
            if json { try printJSON(document(summary)) } else { try printText(summary) }
        }
    }

    private func document(_ summary: CheckpointSummary) -> Document {
        Document(
            file: file, format_version: summary.version, writer: summary.writer, digest: summary.digest,
            bytes: summary.byteCount, counters: summary.counters, evaluation: summary.evaluation,
            best_evaluation: summary.bestEvaluation, stripped: summary.stripped, architecture: summary.architecture,
            configuration: summary.configuration,
            workers: summary.workers.map {
                .init(
                    standing: $0.status, agent_steps: $0.agentSteps, final_epsilon: $0.finalEpsilon,
                    environments: $0.environments > 1 ? $0.environments : nil, learner: $0.learner, replay: $0.replay)
            },
            datasets: summary.datasets.map { .init(path: $0.path, type: $0.element, shape: $0.shape) })
    }

    private func printText(_ summary: CheckpointSummary) throws {
        func line(_ name: String, _ value: String) {
            print(name.padding(toLength: 24, withPad: " ", startingAt: 0) + value)
        }
        line("file", file)
        line("format", "\(summary.version), written by \(summary.writer.name) \(summary.writer.version)")
        line("digest", summary.digest)
        line("bytes", String(summary.byteCount))
        let counters = summary.counters
        line("agent steps", "\(counters.agentSteps) (\(counters.frames) frames, \(counters.episodes) episodes)")
        line("gradient updates", "\(counters.gradientUpdates) (\(counters.targetRefreshes) target refreshes)")
        for (name, evaluation) in [("evaluation", summary.evaluation), ("best evaluation", summary.bestEvaluation)] {
            guard let evaluation else { continue }
            line(
                name,
                String(format: "%.2f ± %.2f", evaluation.meanReturn, evaluation.standardDeviation)
                    + " over \(evaluation.episodes) episodes at step \(evaluation.agentSteps)")
        }
        if !summary.stripped.isEmpty { line("omitted", summary.stripped.joined(separator: ", ")) }
        for (name, value) in try network(summary.architecture) { line(name, value) }
        if case .object(let members) = summary.configuration {
            print("configuration")
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                line("  \(key)", String(decoding: try value.canonicalData(), as: UTF8.self))
            }
        }
        if !summary.workers.isEmpty { print("workers") }
        for (index, worker) in summary.workers.enumerated() { line("  \(index)", text(worker)) }
        print("datasets")
        for dataset in summary.datasets {
            print("  \(dataset.path)  \(dataset.element.rawValue) \(dataset.shape)  \(dataset.byteCount) bytes")
        }
    }
}

extension Show {
    /// The lines that describe a network.
    private func network(_ architecture: NetworkArchitecture) throws -> [(name: String, value: String)] {
        let shapes = try architecture.layerShapes().map { $0.map(String.init).joined(separator: "×") }
        let input = architecture.input
        let head =
            switch architecture.head {
            case .actionValues: ""
            case .dueling: " (dueling)"
            case .actorCritic: " (actor-critic)"
            case .quantiles(_, let quantiles): " (\(quantiles) quantiles of each action)"
            }
        var lines = [
            (
                name: "network",
                value: "\(input.shape.map(String.init).joined(separator: "×")) \(input.element.rawValue) → "
                    + shapes.joined(separator: " → ") + head
            )
        ]
        for (name, values) in [("input offset", architecture.inputOffset), ("input scale", architecture.inputScale)]
        where !values.isEmpty {
            lines.append((name, values.count == 1 ? "\(values[0])" : "\(values.count) values"))
        }
        if !architecture.layers.isEmpty {
            lines.append(("layers", architecture.layers.map(\.text).joined(separator: ", ")))
        }
        for stream in architecture.streams where stream.outputName != "head" {
            let layers = stream.hidden.map(\.layer.text).joined(separator: ", ")
            lines.append(
                (String(stream.outputName.prefix { $0 != "/" }) + " stream", layers.isEmpty ? "linear" : layers))
        }
        return lines
    }

    private func text(_ worker: CheckpointSummary.Worker) -> String {
        var parts = [worker.status.rawValue, worker.agentSteps.map { "\($0) agent steps" } ?? "steps not recorded"]
        if let epsilon = worker.finalEpsilon { parts.append("final epsilon \(epsilon)") }
        if worker.environments > 1 { parts.append("\(worker.environments) environments") }
        if let learner = worker.learner { parts.append("learner \(learner.kind) \(learner.version)") }
        if let replay = worker.replay { parts.append("replay \(replay.count) of \(replay.capacity)") }
        return parts.joined(separator: ", ")
    }
}

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the checkpoints of a run.",
        discussion: """
            Verifies each file and shows its size and evaluation.

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
                print(
                    [row.file, bytes, mean, row.reason.map { "DAMAGED \($0)" } ?? ""].filter { !$0.isEmpty }.joined(
                        separator: "  "))
            }
            if rows.isEmpty { writeError("no checkpoints in \(directory)") }
        }
    }

    private func row(_ entry: CheckpointStore.Entry) -> Row {
        let name = entry.url.lastPathComponent
        if let failure = Verifier.verify(entry.url).failure {
            return Row(file: name, agent_steps: entry.agentSteps, valid: false, reason: "\(failure)")
        }
        let summary = try? CheckpointSummary(contentsOf: entry.url)
        return Row(
            file: name, agent_steps: entry.agentSteps, bytes: summary?.byteCount,
            mean_return: summary?.evaluation?.meanReturn, valid: true)
    }
}
