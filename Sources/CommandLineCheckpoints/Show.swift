import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNModel
import Foundation

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the contents of a checkpoint.",
        discussion: """
            Of a run directory it shows the newest valid checkpoint, or that of --which.

            EXAMPLES
              dqn-checkpoint show runs/cartpole
              dqn-checkpoint show runs/cartpole --which best
              dqn-checkpoint show step-000000050000.h5 --json
            """)
    @Argument(help: "Checkpoint file or run directory.", completion: .file()) var file: String
    @Option(
        help: ArgumentHelp("Checkpoint of a run: latest, best or a number of agent steps.", valueName: "which"),
        completion: .list(["latest", "best"]))
    var which = "latest"
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
        /// The evaluations so far; absent without one.
        var learning_curve: CurveText?
        var stripped: [String]
        var architecture: NetworkArchitecture
        /// The network's parameters.
        var parameters: Int
        var configuration: JSONValue
        var workers: [Worker]
        /// Absent for a file outside a run.
        var lineage: LineageOutput?
        /// The run's warnings by kind.
        var warnings: [String: String]
        var extensions: [Extension]
        var datasets: [Dataset]
    }

    func validate() throws { try CheckpointChoice.validate(which) }

    func run() throws {
        try perform {
            let (url, summary) = try CheckpointChoice.read(file, "FILE", which) { (url) throws(CheckpointError) in
                try CheckpointSummary(contentsOf: url)
            }
            let shown = ShownCheckpoint(
                name: CheckpointChoice.name(of: url, namedBy: file), summary: summary,
                parameters: try ParameterLayout(summary.architecture).count, curve: CurveText(contentsOf: url),
                lineage: LineageSummary(near: url))
            if json { return try printJSON(document(shown)) }
            try StandardOutput.styledLines(shown.lines(TextStyle.standardOutput))
        }
    }

    private func document(_ shown: ShownCheckpoint) -> Document {
        let summary = shown.summary
        return Document(
            file: shown.name, format_version: summary.version, writer: summary.writer, digest: summary.digest,
            bytes: summary.byteCount, counters: CountersOutput(summary.counters),
            evaluation: summary.evaluation.map(EvaluationOutput.init),
            best_evaluation: summary.bestEvaluation.map(EvaluationOutput.init), learning_curve: shown.curve,
            stripped: summary.stripped, architecture: summary.architecture, parameters: shown.parameters,
            configuration: summary.configuration,
            workers: summary.workers.map {
                .init(
                    standing: $0.status, agent_steps: $0.agentSteps, final_epsilon: $0.finalEpsilon,
                    environments: $0.environments > 1 ? $0.environments : nil, learner: $0.learner, replay: $0.replay)
            }, lineage: shown.lineage.map(LineageOutput.init), warnings: shown.warnings?.texts ?? [:],
            extensions: summary.extensions.map {
                .init(
                    owner: $0.owner, must_understand: $0.mustUnderstand, kind: $0.kind, version: $0.version,
                    texts: $0.texts)
            },
            datasets: summary.datasets.map { .init(path: $0.path, type: $0.element, shape: $0.shape) })
    }
}
