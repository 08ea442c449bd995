import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// New runs from another run's checkpoint (`--from`), through the real programs.
@Suite struct OriginTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Trains a run to start from.
    private func train(_ name: String, _ arguments: [String] = [], steps: Int = 600) throws {
        let result = try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "\(steps)", "--out", directory(name), "-q"] + tiny + arguments)
        try #require(result.status == 0, "\(result.errors)")
    }

    private func start(_ name: String, _ arguments: [String], from source: String) throws -> Program.Result {
        try Program.run("dqn-train", ["--from", source, "--out", directory(name)] + arguments)
    }

    /// Checks that all of a run's files are valid, deeply.
    private func verify(_ name: String) throws {
        let files = directory.savedSteps(name).map { directory.checkpointURL(name, $0).path }
        let result = try Program.run("dqn-checkpoint", ["verify", "--deep"] + files)
        #expect(!files.isEmpty && result.status == 0, "\(result.output) \(result.errors)")
    }

    private func lineage(_ name: String) throws -> [JSONValue] {
        try String(contentsOfFile: directory("\(name)/lineage.jsonl"), encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
        }
    }

    /// A kill between the first save and its line leaves the event staged.
    @Test func aKilledRunKeepsItsOrigin() throws {
        try train("a")
        let result = try start("b", ["--steps", "200", "-q"], from: directory("a"))
        #expect(result.status == 0, "\(result.errors)")
        let text = try String(contentsOfFile: directory("b/lineage.jsonl"), encoding: .utf8)
        let event = try #require(text.split(separator: "\n").first)
        try FileManager.default.removeItem(atPath: directory("b/lineage.jsonl"))
        try Data("\(event)\n".utf8).write(to: URL(filePath: directory("b/.lineage.jsonl.dqn-tmp")))
        let resumed = try Program.run(
            "dqn-train", "--resume", directory("b"), "--steps", "300", "--schedule-steps", "300", "-q")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let lines = try lineage("b")
        #expect(lines.first?["why"] == .string("from") && lines.count > 1)
        #expect(!FileManager.default.fileExists(atPath: directory("b/.lineage.jsonl.dqn-tmp")))
    }

    @Test(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
    func gymnasiumRunsAreOriginsToo() throws {
        let environment = ["--env", "gym:CartPole-v1", "--steps", "300", "--out", directory("a"), "-q"]
        var result = try Program.run("dqn-train", environment + tiny)
        #expect(result.status == 0, "\(result.errors)")
        result = try start("b", ["--steps", "200", "--eval-every", "0"], from: directory("a"))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("carries over: parameters"), "\(result.errors)")
        let new = try directory.checkpoint("b", 0)
        #expect(try new.online == directory.checkpoint("a", 300).online)
        #expect(new.configuration["environment"] == .string("gym:CartPole-v1"))
        for (name, id) in [("c", "CartPole-v1"), ("d", "gym:CartPole-v1?max_episode_steps=20")] {
            result = try start(
                name, ["--policy-only", "--env", id, "--steps", "200", "--eval-every", "0"], from: directory("b"))
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.checkpoint(name, 0).configuration["environment"] == .string(id))
            try verify(name)
        }
    }

    @Test func aNewRunTakesWhatFitsAndSaysSo() throws {
        try train("a", ["--set", "double=true"])
        let before = try directory.contents("a")
        let result = try start(
            "b", ["--set", "learning_rate=1e-4", "--steps", "400", "--eval-every", "0"], from: directory("a"))
        #expect(result.status == 0, "\(result.errors)")
        for words in [
            "starts from '\(directory.checkpointURL("a", 600).path)', agent step 600",
            "carries over: parameters, target network, optimizer (adam after ", "replay (300 steps)",
            "begins anew: counters and schedules (at agent step 0), random streams (seed 0), episodes, metrics and best",
            "learning_rate from", "schedule_steps from 600 to 400", "--set epsilon_start=",
        ] { #expect(result.errors.contains(words), "\(words): \(result.errors)") }
        #expect(try directory.contents("a") == before)
        let (old, new) = (try directory.checkpoint("a", 600), try directory.checkpoint("b", 0))
        #expect(new.online == old.online && new.target == old.target && new.counters == Counters())
        #expect(new.optimizer?.slots == old.optimizer?.slots && new.optimizer?.stepCount == old.optimizer?.stepCount)
        #expect(new.workers[0].replay?.count == 300 && new.history.agentSteps.isEmpty && new.bestEvaluation == nil)
        #expect(new.configuration["double"] == .bool(true) && new.configuration["schedule_steps"]?.integerValue == 400)
        #expect(try directory.newest("b").optimizer?.stepCount ?? 0 > old.optimizer?.stepCount ?? 0)
        let lines = try lineage("b")
        let source = try CheckpointSummary(contentsOf: directory.checkpointURL("a", 600)).digest
        #expect(lines[0]["why"] == .string("from") && lines[0]["path"] == .string(directory("a")))
        #expect(lines[0]["source"] == .string(source) && lines[0]["agent_steps"]?.integerValue == 600)
        #expect(lines[0]["changed"]?["learning_rate"]?.doubleValue == 1e-4)
        #expect(
            lines[0]["carried"]?.stringArrayValue
                == ["parameters", "target_network", "optimizer", "replay", "environments"])
        #expect(lines[0]["begins_anew"]?["counters_and_schedules"] == .string("at agent step 0"))
        #expect(lines[1]["why"] == .string("started") && lines[1]["parent"] == .string(source))
        try verify("b")
    }

    @Test func aRunWithAnOriginResumesExactly() throws {
        try train("a")
        for arguments in [[], ["--set", "replay_capacity=200", "--set", "prioritized=true"]] {
            let common = arguments + ["--schedule-steps", "400", "-q"]
            for (name, steps) in [("whole", 400), ("cut", 130)] {
                let result = try start(
                    name + "\(arguments.count)", common + ["--steps", "\(steps)"], from: directory("a"))
                #expect(result.status == 0, "\(result.errors)")
            }
            let result = try Program.run(
                "dqn-train", "--resume", directory("cut\(arguments.count)"), "--steps", "400", "-q")
            #expect(result.status == 0, "\(result.errors)")
            #expect(
                try directory.checkpointData("cut\(arguments.count)", 400)
                    == directory.checkpointData("whole\(arguments.count)", 400))
        }
    }

    @Test func aContinuedScheduleGoesOnAtItsStep() throws {
        try train("a", ["--schedule-steps", "1200"])
        let result = try start(
            "b", ["--continue-schedule", "--steps", "900", "--set", "batch_size=8"], from: directory("a"))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("counters and schedules (at agent step 600)"), "\(result.errors)")
        #expect(directory.savedSteps("b") == [600, 900])
        let (old, new) = (try directory.checkpoint("a", 600), try directory.checkpoint("b", 900))
        #expect(new.configuration["schedule_steps"]?.integerValue == 1200)
        #expect(new.counters.gradientUpdates == old.counters.gradientUpdates + 75)
        #expect(new.counters.episodes >= old.counters.episodes)
        try verify("b")
        let late = try start("c", ["--continue-schedule", "--steps", "600"], from: directory("a"))
        #expect(late.status == 64 && late.errorLine?.contains("continues at agent step 600") == true, "\(late.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("c")))
    }

    @Test func aPolicyAloneCarriesNothingElse() throws {
        try train("a")
        let file = directory.checkpointURL("a", 600).path
        for (name, options) in [("policy", ["--all-but-policy"]), ("bare", ["--replay", "--optimizer"])] {
            let result = try Program.run("dqn-checkpoint", ["strip", file, directory("\(name).h5")] + options)
            #expect(result.status == 0, "\(result.errors)")
        }
        for (name, source, arguments) in [
            ("b", file, ["--policy-only"]), ("c", directory("policy.h5"), []), ("d", directory("bare.h5"), []),
        ] {
            let result = try start(name, arguments + ["--steps", "150"], from: source)
            #expect(result.status == 0, "\(result.errors)")
            let (old, new) = (try directory.checkpoint("a", 600), try directory.checkpoint(name, 0))
            #expect(new.online == old.online && new.optimizer?.stepCount == 0)
            #expect(new.target == (name == "d" ? old.target : old.online))
            #expect((new.workers[0].replay?.count ?? 0) <= 1)
            let anew = try lineage(name)[0]["begins_anew"]
            let reason = name == "b" ? "--policy-only" : "the checkpoint has none"
            #expect(anew?["replay"] == .string(reason), "\(String(describing: anew))")
            #expect(anew?["optimizer"] != nil)
            try verify(name)
        }
    }

    @Test(arguments: [
        (["--set", "optimizer=rmsprop"], "optimizer (its kind changes from adam to rmsprop)"),
        (["--method", "async-dqn", "--workers", "3"], "optimizer (adam after 125 steps), replay ("),
        (
            ["--set", "environments_per_worker=2", "--set", "replay_capacity=500"],
            "optimizer (adam after 125 steps), replay ("
        ),
        (
            ["--set", "n_step=3", "--set", "prioritized=true", "--set", "munchausen=true"],
            "optimizer (adam after 125 steps), replay ("
        ),
        (["--method", "async-dqn", "--workers", "2", "--set", "shared_statistics=false"], "shared_statistics changes"),
        (["--method", "async-q"], "carries over: parameters, target network, environments"),
        (["--method", "pqn"], "carries over: parameters, optimizer"),
        (["--set", "wrappers=reward-scale:0.5"], "replay (its steps are of another environment or other wrappers)"),
        (["--set", "network=mlp:16,16+tanh"], "network from \"mlp:16,16\" to \"mlp:16,16+tanh\""),
        (["--preset", "cleanrl"], "carries over: parameters"),
    ])
    func settingsMayChange(arguments: [String], words: String) throws {
        try train("a")
        let result = try start("b", arguments + ["--steps", "150"], from: directory("a"))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(try directory.checkpoint("b", 0).online == directory.checkpoint("a", 600).online)
        try verify("b")
        let resumed = try Program.run(
            "dqn-train", "--resume", directory("b"), "--steps", "200", "--schedule-steps", "200", "-q")
        #expect(resumed.status == 0, "\(resumed.errors)")
        try verify("b")
    }

    @Test(arguments: [
        (["--set", "network=mlp:8"], "'layers/0/weight' is of shape [16, 4] there and of shape [8, 4] here"),
        (["--set", "dueling=true"], "dueling false becomes true"),
        (["--env", "Acrobot-v1"], "environment \"CartPole-v1\" becomes \"Acrobot-v1\""),
        (["--method", "a3c"], "do not fit the new run's network: 'head/weight'"),
        (["--which", "700"], "has no checkpoint of agent step 700; it has 600"),
        (["--which", "newest"], "--which newest is invalid; use latest, best or a number of agent steps."),
        (["--policy-only", "--continue-schedule"], "leave out --policy-only or --continue-schedule"),
        (["--set", "nonsense=1"], "Unknown configuration key 'nonsense'"),
    ])
    func whatDoesNotFitIsRefusedByName(arguments: [String], words: String) throws {
        try train("a", ["--eval-every", "0", "--keep", "1"])
        let result = try start("b", arguments + ["--steps", "150"], from: directory("a"))
        #expect(result.status == (words.contains("700") ? 66 : 64) && result.errors.contains(words), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("b")))
    }

    @Test func optionsThatNeedAnOriginAreRefusedWithoutOne() throws {
        for (arguments, words) in [
            (["--env", "CartPole-v1", "--which", "best"], "--which requires --from or --resume"),
            (["--env", "CartPole-v1", "--policy-only"], "--policy-only requires --from"),
            (["--resume", "x", "--continue-schedule"], "--continue-schedule requires --from"),
            (["--resume", "x", "--from", "y"], "--from starts a new run, and --resume continues one"),
        ] {
            let result = try Program.run("dqn-train", arguments)
            #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
        }
        try Data("no checkpoint".utf8).write(to: directory.url.appendingPathComponent("x.h5"))
        for (source, status) in [("x.h5", Int32(65)), ("missing", 66)] {
            let result = try start("b", [], from: directory(source))
            #expect(result.status == status && result.errorLine != nil, "\(result.errors)")
        }
        let which = try start("b", ["--which", "best"], from: directory("x.h5"))
        #expect(which.status == 64 && which.errors.contains("is a single file; leave --which out"), "\(which.errors)")
    }

    /// Files of every version, of other networks and methods, and those of another program with settings of its own.
    @Test(arguments: [
        "1.0/dqn-cartpole", "1.0/dqn-cartpole-policy", "1.1/method-dqn", "1.1/method-a3c",
        "1.1/method-async-dqn", "2.0/method-async-nstep-q", "2.0/method-async-sarsa",
    ])
    func aFileOfAnyVersionIsAnOrigin(name: String) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/checkpoints/\(name).h5").path
        let result = try start(
            "b", ["--steps", "60", "--eval-every", "0", "--set", "log_interval=20"], from: file)
        #expect(result.status == 0, "\(result.errors)")
        let (old, new) = (try Checkpoint(contentsOf: URL(fileURLWithPath: file)), try directory.checkpoint("b", 0))
        #expect(new.online == old.online)
        try verify("b")
    }
}
