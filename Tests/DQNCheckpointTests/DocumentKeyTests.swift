import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import Testing

/// Tests of the keys of JSON documents in files: renaming a Swift property must not change them.
struct DocumentKeyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Returns the paths of a JSON value's keys, without the elements of arrays.
    private static func keys(_ text: String) throws -> Set<String> {
        var keys: Set<String> = []
        func add(_ value: JSONValue, _ path: String) {
            guard case .object(let members) = value else { return }
            for (key, member) in members {
                keys.insert(path + key)
                add(member, "\(path)\(key).")
            }
        }
        add(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)), "")
        return keys
    }

    private func file(_ checkpoint: Checkpoint, _ version: String) throws -> ForgedFile {
        let url = folder.file("a.h5")
        try checkpoint.converted(to: version, allowLossy: true).checkpoint.write(
            to: url, overwriting: true, version: version)
        return try ForgedFile(reading: url)
    }

    @Test(arguments: FormatVersion.known)
    func documentsOfARunKeepTheirKeys(_ version: String) throws {
        let file = try file(Samples.whole(), version)
        let evaluation = ["agent_steps", "mean_return", "standard_deviation", "episodes"]
        let counters = [
            "agent_steps", "frames", "gradient_updates", "target_refreshes", "episodes", "evaluations",
        ]
        var progress: Set = [
            "counters", "evaluation", "best_evaluation", "reached_target", "statistics", "stripped",
            "statistics.loss_sum", "statistics.loss_count", "statistics.learning_rate",
        ]
        progress.formUnion(counters.map { "counters.\($0)" })
        progress.formUnion(evaluation.map { "evaluation.\($0)" } + evaluation.map { "best_evaluation.\($0)" })
        #expect(try Self.keys(file.text("progress")) == progress)
        #expect(
            try Self.keys(file.text("optimizer/state")) == [
                "kind", "hyperparameters", "step_count", "hyperparameters.learning_rate", "hyperparameters.beta1",
                "hyperparameters.epsilon",
            ])
        #expect(
            try Self.keys(file.text("architecture")) == [
                "input", "input.shape", "input.element", "layers", "head", "head.type", "head.actions",
            ])
        #expect(
            file.text("architecture")
                == #"{"head":{"actions":2,"type":"action_values"},"input":{"element":"float32","shape":[4]},"#
                + #""layers":[{"type":"dense","units":5},{"type":"dense","units":3}]}"#)
        #expect(
            try Self.keys(file.text("extensions/org.example.trainer/descriptor")) == [
                "owner", "must_understand", "kind", "version",
            ])
    }

    @Test(arguments: FormatVersion.known)
    func documentsOfWorkersKeepTheirKeys(_ version: String) throws {
        let common: Set = [
            "environment", "environment.kind", "environment.version", "episode_length", "episode_return",
            "recent_lengths", "recent_returns",
        ]
        let replay: Set = [
            "replay", "replay.capacity", "replay.chunk_length", "replay.count", "replay.cursor",
        ]
        let added: Set<String> = version == "1.0" ? [] : ["standing", "agent_steps"]
        let whole = try file(Samples.whole(), version)
        #expect(try Self.keys(whole.text("workers/0/state")) == common.union(replay).union(added))
        guard version != "1.0" else { return }
        let workers = try file(Samples.workers(), version)
        #expect(
            try Self.keys(workers.text("workers/0/state")).isSuperset(of: [
                "standing", "agent_steps", "final_epsilon", "learner", "learner.kind", "learner.version",
            ]))
        let standings = try (0..<4).map { try Self.status(workers.text("workers/\($0)/state")) }
        #expect(standings == ["running", "finished", "abandoned", "resting"])
    }

    private static func status(_ text: String) throws -> String? {
        guard case .string(let standing) = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))["standing"]
        else { return nil }
        return standing
    }

    /// The programs' JSON output uses these keys.
    @Test func valuesKeepTheKeysOfTheProgramsOutput() throws {
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try JSONValue.canonicalEncoder.encode(value), as: UTF8.self)
        }
        #expect(
            try Self.keys(text(Counters())) == [
                "agentSteps", "frames", "gradientUpdates", "targetRefreshes", "episodes", "evaluations",
            ])
        #expect(
            try Self.keys(text(Evaluation(agentSteps: 1, meanReturn: 2, standardDeviation: 3, episodes: 4))) == [
                "agentSteps", "meanReturn", "standardDeviation", "episodes",
            ])
        #expect(try Self.keys(text(Writer.current)) == ["name", "version"])
    }

    /// Other spellings of a key are invalid.
    @Test func keysInCamelCaseAreRefused() throws {
        var file = try file(Samples.whole(), FormatVersion.current)
        file.replace("progress", "\"agent_steps\"", with: "\"agentSteps\"")
        try file.write(to: folder.file("b.h5"))
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: folder.file("b.h5")) }
        #expect(error?.rule == 10)
    }
}
