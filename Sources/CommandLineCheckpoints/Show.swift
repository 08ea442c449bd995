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
        struct Extension: Encodable {
            var owner: String
            var must_understand: Bool
            var kind: String
            var version: Int
            /// The arrays that hold a text, by name.
            var texts: [String: String]
        }
        var file: String
        var format_version: String
        var writer: Writer
        var digest: String
        var bytes: Int
        var counters: CountersOutput
        var evaluation: EvaluationOutput?
        var best_evaluation: EvaluationOutput?
        var stripped: [String]
        var architecture: NetworkArchitecture
        var configuration: JSONValue
        var workers: [Worker]
        /// The run's warnings by kind.
        var warnings: [String: String]
        var extensions: [Extension]
        var datasets: [Dataset]
    }

    func run() throws {
        try perform {
            let summary = try CheckpointSummary(contentsOf: fileURL(file, "FILE"))
            if json { try printJSON(document(summary)) } else { try StandardOutput.lines(lines(summary)) }
        }
    }

    private func document(_ summary: CheckpointSummary) -> Document {
        Document(
            file: file, format_version: summary.version, writer: summary.writer, digest: summary.digest,
            bytes: summary.byteCount, counters: CountersOutput(summary.counters),
            evaluation: summary.evaluation.map(EvaluationOutput.init),
            best_evaluation: summary.bestEvaluation.map(EvaluationOutput.init), stripped: summary.stripped,
            architecture: summary.architecture, configuration: summary.configuration,
            workers: summary.workers.map {
                .init(
                    standing: $0.status, agent_steps: $0.agentSteps, final_epsilon: $0.finalEpsilon,
                    environments: $0.environments > 1 ? $0.environments : nil, learner: $0.learner, replay: $0.replay)
            }, warnings: Self.warnings(summary)?.texts ?? [:],
            extensions: summary.extensions.map {
                .init(
                    owner: $0.owner, must_understand: $0.mustUnderstand, kind: $0.kind, version: $0.version,
                    texts: $0.texts)
            },
            datasets: summary.datasets.map { .init(path: $0.path, type: $0.element, shape: $0.shape) })
    }

    /// The extension group in which runs record their warnings.
    static func warnings(_ summary: CheckpointSummary) -> CheckpointSummary.Extension? {
        summary.extensions.first { $0.owner == "org.swift-dqn.warnings" }
    }
}
