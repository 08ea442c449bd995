import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Invalid methods, workers and memory limits: checks the exit code, the message and that nothing is lost.
@Suite struct MethodInputTests {
    private func train(_ directory: TemporaryDirectory, _ arguments: String...) throws {
        let result = try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "150", "--schedule-steps", "400", "-q", "--out", directory("run")]
                + tiny + arguments)
        #expect(result.status == 0, "\(result.errors)")
    }

    /// Each message names the problem and the remedy.
    @Test(
        arguments: [
            (["--method", "a3d"], ["'a3d'", "did you mean 'a3c'?"]),
            (["--method", "async-nstep"], ["'async-nstep'", "did you mean 'async-nstep-q'?"]),
            (["--method", "dqn", "--workers", "2"], ["'dqn' has one worker, not 2", "use --method async-dqn"]),
            (
                ["--preset", "zoo", "--method", "a3c"],
                ["'zoo' has no settings for the method 'a3c'", "--preset default"]
            ),
            (["--method", "a3c", "--set", "n_step=3"], ["'a3c' has no replay", "n_step", "segment_length"]),
            (["--method", "async-q", "--set", "prioritized=true"], ["'async-q' has no replay", "prioritized"]),
            (["--method", "a3c", "--set", "dueling=true"], ["'a3c' has no action values", "leave dueling"]),
            (["--method", "a3c", "--set", "double=true"], ["'a3c' has no action values", "double out"]),
            (["--set", "method=a3c"], ["'--set method=a3c' is applied too late", "use --method"]),
            (
                ["--set", "priority_exponent=2"],
                ["Invalid value 2 for 'priority_exponent'", "allowed: number 0.0…1.0"]
            ),
            (["--set", "workers=0"], ["Invalid value 0 for 'workers'", "allowed: integer 1…4096"]),
            (["--set", "epsilon_assignment=guessed"], ["'epsilon_assignment'", "fixed or drawn"]),
            (["--set", "method_options=[1]"], ["Invalid value [1] for 'method_options'", "a JSON object"]),
            (
                ["--set", "method_options={\"x\":1}"],
                ["'dqn' has no options of its own", "leave 'method_options' empty"]
            ),
            (
                ["--method", "async-dqn", "--set", "n_step=40", "--set", "replay_capacity=20"],
                ["replay_capacity 20 is too small", "use at least"]
            ),
        ] as [([String], [String])])
    func aConfigurationThatDoesNotFitTogetherIsRefusedInOneLine(arguments: [String], words: [String]) throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run("dqn-train", ["--env", "CartPole-v1", "--out", directory("run")] + arguments)
        #expect(result.status == 64)
        let line = try #require(result.errorLine, "\(result.errors)")
        for word in words { #expect(line.contains(word), "\(line)") }
        #expect(!FileManager.default.fileExists(atPath: directory("run")), "a refused run creates nothing")
    }

    @Test(
        arguments: [
            (["--workers", "0"], "--workers 0 is too small; the minimum is 1"),
            (["--workers", "two"], "'two'"),
            (["--worker-timeout", "0"], "--worker-timeout 0.0 is out of range"),
            (["--worker-timeout", "nan"], "--worker-timeout nan is out of range"),
            (["--memory", "nonsense"], "'nonsense'"),
            (["--memory", "0"], "'0'"),
        ] as [([String], String)])
    func refusesInvalidFlags(arguments: [String], text: String) throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run(
            "dqn-train", ["--env", "CartPole-v1", "--method", "async-dqn", "--out", directory("run")] + arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains(text), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("run")))
    }

    // MARK: Memory

    @Test(arguments: [[], ["--set", "prioritized=true"]], [1, 2])
    func refusesTooMuchMemoryWithAWorkingRemedy(settings: [String], workers: Int) throws {
        let directory = try TemporaryDirectory()
        let arguments =
            [
                "--env", "CartPole-v1", "--method", "async-dqn", "--workers", "\(workers)", "--memory", "1M", "--steps",
                "150", "--out", directory("run"), "--set", "network=mlp:16,16", "--set", "batch_size=16",
            ] + settings
        var result = try Program.run("dqn-train", arguments)
        #expect(result.status == 64)
        let line = try #require(result.errorLine, "\(result.errors)")
        for word in ["\(workers) × (replay ", " + networks ", " + shared ", " = ", "--memory allows 1.0 MiB"] {
            #expect(line.contains(word), "\(line)")
        }
        #expect(!FileManager.default.fileExists(atPath: directory("run")))

        let remedy = try #require(line.firstMatch(of: /set replay_capacity to at most ([0-9]+)/))
        let capacity = try #require(Int(remedy.1))
        // The suggested value is the largest that fits.
        result = try Program.run("dqn-train", arguments + ["--set", "replay_capacity=\(capacity + 1)"])
        #expect(result.status == 64)
        result = try Program.run("dqn-train", arguments + ["--set", "replay_capacity=\(capacity)"])
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func refusesNetworksThatExceedTheMemory() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run(
            "dqn-train", "--env", "CartPole-v1", "--method", "async-dqn", "--workers", "8", "--memory", "1M", "--out",
            directory("run"))
        #expect(result.status == 64)
        let line = try #require(result.errorLine, "\(result.errors)")
        #expect(line.contains("8 × (replay") && line.contains("use fewer workers or a smaller network"), "\(line)")
        #expect(!FileManager.default.fileExists(atPath: directory("run")))
    }

    /// A run keeps the size of its replay, so the message suggests what a resume can change.
    @Test func resumeThatExceedsTheMemorySuggestsAChange() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "--method", "async-dqn", "--workers", "2")
        let before = try directory.contents("run")
        let result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "200", "--memory", "40K")
        #expect(result.status == 64)
        let line = try #require(result.errorLine, "\(result.errors)")
        #expect(line.contains("--memory allows 40.0 KiB; resume with fewer workers, or allow more"), "\(line)")
        #expect(try directory.contents("run") == before)
        #expect(
            try Program.run("dqn-train", "--resume", directory("run"), "--steps", "200", "--memory", "1M").status == 0)
    }

    // MARK: Resume

    @Test func resumedRunKeepsItsMethod() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "--method", "async-q")
        let before = try directory.contents("run")
        for (arguments, text) in [
            (["--method", "a3c"], "--method cannot be combined with --resume"),
            (["--preset", "zoo"], "--preset cannot be combined"),
            (["--workers", "0"], "--workers 0 is too small"),
        ] {
            let result = try Program.run("dqn-train", ["--resume", directory("run")] + arguments)
            #expect(result.status == 64)
            #expect(result.errors.contains(text), "\(result.errors)")
        }
        #expect(try directory.contents("run") == before)
    }

    @Test func refusesToResumeDQNWithTwoWorkers() throws {
        let directory = try TemporaryDirectory()
        try train(directory)
        let before = try directory.contents("run")
        let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "300", "--workers", "2")
        #expect(result.status == 64)
        #expect(result.errorLine?.contains("'dqn' has one worker, not 2") == true, "\(result.errors)")
        #expect(try directory.contents("run") == before)
    }

    /// Rewrites a run's newest checkpoint with a change.
    private func edit(_ directory: TemporaryDirectory, _ change: (inout Checkpoint) throws -> Void) throws {
        let url = directory.checkpointURL("run", 150)
        var checkpoint = try Checkpoint(contentsOf: url)
        try change(&checkpoint)
        try FileManager.default.removeItem(at: url)
        try checkpoint.write(to: url)
    }

    /// Simulates a plug-in that this program does not have.
    @Test func refusesARunOfAnUnknownMethod() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "--method", "async-q")
        try edit(directory) { checkpoint in
            guard case .object(var members) = checkpoint.configuration else { throw CocoaError(.coderInvalidValue) }
            members["method"] = .string("async-quantile")
            checkpoint.configuration = .object(members)
        }
        let before = try directory.contents("run")
        let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "300")
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("The run needs the method 'async-quantile'") == true, "\(result.errors)")
        #expect(try directory.contents("run") == before)
    }

    /// Not even a program that writes a checkpoint can make one that a resume would have to refuse.
    @Test(
        arguments: [
            ("async-q", "segment.actions", .int64([999]), "segment.actions"),
            ("async-sarsa", "segment.actions", .int64([-1]), "segment.actions"),
            ("async-nstep-q", "segment.actions", .int64([Int64](repeating: 0, count: 5)), "segment.rewards"),
            ("a3c", "segment.rewards", .float32([]), "segment.rewards"),
            ("async-sarsa", "next_action", .int64([999]), "next_action"),
            ("async-sarsa", "next_action", .float32([1]), "next_action"),
        ] as [(String, String, StateSnapshot.Value, String)])
    func refusesToWriteAnInvalidLearnerState(
        method: String, name: String, value: StateSnapshot.Value, words: String
    ) throws {
        let directory = try TemporaryDirectory()
        try train(directory, "--method", method)
        var checkpoint = try Checkpoint(contentsOf: directory.checkpointURL("run", 150))
        var learner = checkpoint.workers[0].learner ?? StateSnapshot(kind: method, version: 1, values: [:])
        // An open segment of one step, with the change of each case.
        learner.values.merge([
            "segment.actions": .int64([0]), "segment.rewards": .float32([1]),
            "segment.observations": .uint8([UInt8](repeating: 0, count: 16)),
        ]) { $1 }
        learner.values[name] = value
        checkpoint.workers[0].learner = learner
        let copy = URL(fileURLWithPath: directory("copy.h5"))
        let error = #expect(throws: CheckpointError.self) { try checkpoint.write(to: copy) }
        #expect(error?.code == .invalidState)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        #expect(!FileManager.default.fileExists(atPath: copy.path))
    }
}
