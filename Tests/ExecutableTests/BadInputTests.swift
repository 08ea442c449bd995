import DQNCheckpoint
import Foundation
import Testing

/// Invalid input: checks the exit code, the one-line message and that nothing is lost.
@Suite struct BadInputTests {
    private func train(_ directory: TemporaryDirectory, _ name: String = "run", steps: Int = 600) throws {
        let result = try Program.run(
            "dqn-train",
            [
                "--env", "CartPole-v1", "--steps", "\(steps)", "--schedule-steps", "1000", "--save-every", "200", "-q",
                "--out",
                directory(name),
            ] + tiny)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test(
        arguments: [
            (["--env", "CartPoel-v1"], "did you mean 'CartPole-v1'?"),
            (["--env", "CartPole-v1", "--method", "dqm"], "did you mean 'dqn'?"),
            (["--env", "CartPole-v1", "--preset", "zo"], "did you mean 'zoo'?"),
            (["--env", "Catch-v0", "--preset", "zoo"], "no settings"),
            (["--env", "CartPole-v1", "--set", "lerning_rate=1"], "did you mean 'learning_rate'?"),
            (["--env", "CartPole-v1", "--set", "batch_size=-4"], "allowed: integer"),
            (["--env", "CartPole-v1", "--set", "discount=2"], "allowed: number"),
            (["--env", "CartPole-v1", "--set", "network=mlp:0"], "must be a positive number of units"),
            (["--env", "CartPole-v1", "--set", "network=nature-cnn"], "needs an input of channels"),
            (["--env", "CartPole-v1", "--seed=-3"], "'seed'"),
            (["--env", "CartPole-v1", "--steps", "0"], "--steps 0"),
            (["--env", "CartPole-v1", "--steps", "1e9999"], "--steps"),
            (["--env", "CartPole-v1", "--workers", "4"], "one worker"),
            (
                [
                    "--env", "CartPole-v1", "--set", "learning_rate_final=0", "--steps", "200", "--schedule-steps",
                    "100",
                ], "--schedule-steps"
            ),
            ([], "--env"),
            (["--resume", "x", "--seed", "1"], "--seed cannot be combined with --resume"),
            (["--resume", "x", "--set", "batch_size=1"], "--set cannot be combined with --resume"),
            (["--no-such-flag"], "no-such-flag"),
        ] as [([String], String)])
    func refusesInvalidTrainingArguments(arguments: [String], text: String) throws {
        let directory = try TemporaryDirectory()
        let out = arguments.contains("--resume") || arguments.isEmpty ? [] : ["--out", directory("run")]
        let result = try Program.run("dqn-train", arguments + out)
        #expect(result.status == 64)
        #expect(result.errors.contains(text), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("run")), "a refused run creates nothing")
    }

    @Test func refusesAnOccupiedDirectory() throws {
        let directory = try TemporaryDirectory()
        try train(directory)
        let before = try directory.contents("run")
        let result = try Program.run("dqn-train", "--env", "CartPole-v1", "--out", directory("run"))
        #expect(result.status == 1)
        #expect(
            result.errorLine?.contains("already holds a run; continue it with --resume") == true, "\(result.errors)")
        #expect(try directory.contents("run") == before)
    }

    @Test func refusesToResumeAMissingRun() throws {
        let directory = try TemporaryDirectory()
        for name in ["nowhere", "."] {
            let result = try Program.run("dqn-train", "--resume", directory(name))
            #expect(result.status == 66)
            #expect(result.errorLine?.contains("does not hold a run to resume") == true, "\(result.errors)")
        }
    }

    @Test func missingConfigurationExitsWith66AndInvalidWith64() throws {
        let directory = try TemporaryDirectory()
        #expect(try Program.run("dqn-train", "--config", directory("none.json")).status == 66)
        try Data("{\"environment\": ".utf8).write(to: URL(fileURLWithPath: directory("bad.json")))
        let result = try Program.run("dqn-train", "--config", directory("bad.json"))
        #expect(result.status == 64)
        #expect(result.errorLine?.contains("cannot be read as JSON") == true, "\(result.errors)")
    }

    @Test func namesAnUnwritableDirectory() throws {
        let result = try Program.run("dqn-train", "--env", "CartPole-v1", "--out", "/proc/nothing/run")
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("'/proc/nothing/run' cannot be written") == true, "\(result.errors)")
    }

    @Test func fullDiskLosesNoCheckpoint() throws {
        let directory = try TemporaryDirectory()
        try train(directory)
        let before = try directory.contents("run").filter { $0.key.hasPrefix("checkpoints/") }
        // Files are limited to 8 KiB, so every save fails as on a full disk.
        let result = try Program.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "1000"], shell: "ulimit -f 8")
        #expect(result.status == 1)
        #expect(result.errors.contains("could not be saved"), "\(result.errors)")
        #expect(result.errors.contains("Earlier checkpoints are intact"), "\(result.errors)")
        #expect(try directory.contents("run").filter { $0.key.hasPrefix("checkpoints/") } == before)
        #expect(try Program.run("dqn-train", "--resume", directory("run"), "--steps", "1000", "-q").status == 0)
    }

    @Test func renamesADamagedNewestCheckpointAndUsesThePreviousOne() throws {
        let directory = try TemporaryDirectory()
        try train(directory)
        let newest = directory("run/checkpoints/\(CheckpointStore.fileName(agentSteps: 600))")
        let whole = try Data(contentsOf: URL(fileURLWithPath: newest))
        var bytes = whole
        bytes[bytes.count / 2] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: newest))
        let played = try Program.run("dqn-play", directory("run"), "--episodes", "1")
        #expect(played.status == 0)
        #expect(played.errors.contains("step-000000000600.h5 cannot be used"), "\(played.errors)")
        let result = try Program.run("dqn-train", "--resume", directory("run"))
        #expect(result.status == 0)
        #expect(result.errors.contains("step-000000000600.h5 is damaged and now named step-000000000600.h5.damaged"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: newest + ".damaged")) == bytes)
        #expect(try Data(contentsOf: URL(fileURLWithPath: newest)) == whole, "the run reaches the same state again")
    }

    @Test func refusesFilesThatAreNotCheckpoints() throws {
        let directory = try TemporaryDirectory()
        try train(directory)
        let good = try Data(
            contentsOf: URL(fileURLWithPath: directory("run/checkpoints/\(CheckpointStore.fileName(agentSteps: 600))")))
        let files: [(String, Data)] = [
            ("empty", Data()), ("foreign", Data("just some text\n".utf8)), ("truncated", good.prefix(good.count / 2)),
        ]
        for (name, data) in files {
            let path = directory("\(name).h5")
            try data.write(to: URL(fileURLWithPath: path))
            for (program, arguments) in [
                ("dqn-play", [path]), ("dqn-checkpoint", ["show", path]), ("dqn-checkpoint", ["verify", path]),
                ("dqn-checkpoint", ["strip", path, directory("out.h5"), "--replay"]),
            ] {
                let result = try Program.run(program, arguments)
                #expect(result.status == 65, "\(program) \(arguments): \(result.status) \(result.errors)")
                #expect((result.errors + result.output).contains("\(name).h5"))
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == data)
            #expect(!FileManager.default.fileExists(atPath: directory("out.h5")))
        }
        let missing = directory("missing.h5")
        for (program, arguments, status) in [
            ("dqn-play", [missing], 66), ("dqn-checkpoint", ["show", missing], 66),
            ("dqn-checkpoint", ["verify", missing], 66), ("dqn-checkpoint", ["diff", missing, missing], 2),
        ] as [(String, [String], Int32)] {
            let result = try Program.run(program, arguments)
            #expect(result.status == status, "\(program) \(arguments)")
            #expect((result.errors + result.output).contains("There is no file"), "\(result.errors)")
        }
    }

    @Test func refusesInvalidPlayArguments() throws {
        let directory = try TemporaryDirectory()
        try train(directory)
        for (arguments, status, text) in [
            (["--env", "Acrobot-v1"], 64, "was trained in 'CartPole-v1'"),
            (["--env", "Nothing-v0"], 64, "Unknown environment 'Nothing-v0'"),
            (["--which", "newest"], 64, "--which"), (["--which", "123"], 66, "agent step 123"),
            (["--episodes", "0"], 64, "--episodes"), (["--epsilon", "1.5"], 64, "--epsilon"),
            (["--min-return", "600", "--episodes", "1"], 1, "below --min-return"),
            (["--trace", directory("run/config.json")], 64, "already exists"),
        ] as [([String], Int32, String)] {
            let result = try Program.run("dqn-play", [directory("run")] + arguments)
            #expect(result.status == status, "\(arguments): \(result.status)")
            #expect(result.errors.contains(text), "\(result.errors)")
        }
    }

    @Test func stripKeepsExistingFiles() throws {
        let directory = try TemporaryDirectory()
        try train(directory)
        let file = directory("run/checkpoints/\(CheckpointStore.fileName(agentSteps: 600))")
        #expect(
            try Program.run("dqn-checkpoint", "strip", file, directory("policy.h5"), "--all-but-policy").status == 0)
        let policy = try Data(contentsOf: URL(fileURLWithPath: directory("policy.h5")))
        let refused = try Program.run("dqn-checkpoint", "strip", file, directory("policy.h5"), "--replay")
        #expect(refused.status == 64)
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory("policy.h5"))) == policy)
        #expect(
            try Program.run("dqn-checkpoint", "strip", file, directory("policy.h5"), "--replay", "--force").status == 0)
        // The copy plays like the original but cannot be resumed.
        let whole = try Program.run("dqn-play", file, "--episodes", "3")
        let stripped = try Program.run("dqn-play", directory("policy.h5"), "--episodes", "3")
        #expect(whole.status == 0 && whole.output == stripped.output)
    }

    @Test func refusesToResumeAStrippedRun() throws {
        let directory = try TemporaryDirectory()
        try train(directory, steps: 200)
        let file = directory("run/checkpoints/\(CheckpointStore.fileName(agentSteps: 200))")
        #expect(try Program.run("dqn-checkpoint", "strip", file, file, "--replay", "--force").status == 0)
        let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "300")
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("stripped: replay") == true, "\(result.errors)")
    }

    @Test func printConfigPrintsTheConfiguration() throws {
        let result = try Program.run(
            "dqn-train", "--env", "CartPole-v1", "--preset", "zoo", "--print-config", "--set", "seed=5")
        #expect(result.status == 0)
        let object = try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(object["learning_rate"] as? Double == 2.3e-3)
        #expect(object["seed"] as? Int == 5)
    }

    @Test func helpShowsExamples() throws {
        for program in ["dqn-train", "dqn-play", "dqn-checkpoint"] {
            let result = try Program.run(program, "--help")
            #expect(result.status == 0 && result.output.contains("EXAMPLES") && result.output.contains("EXIT CODES"))
        }
    }
}

/// Hostile files, each of which breaks one rule.
@Suite struct HostileCheckpointTests {
    static let files: [URL] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/checkpoints/hostile")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.filter { $0.hasSuffix(".h5") }.sorted().map { root.appendingPathComponent($0) }
    }()

    @Test func hasHostileFiles() { #expect(Self.files.count >= 10) }

    @Test(arguments: files)
    func everyProgramExitsWith65(file: URL) throws {
        let before = try Data(contentsOf: file)
        let verified = try Program.run("dqn-checkpoint", "verify", file.path)
        #expect(verified.status == 65)
        #expect(verified.output.contains("FAILED [R"), "\(verified.output)")
        #expect(try Data(contentsOf: file) == before)
    }
}
