import DQNCheckpoint
import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// The modules of the programs' Python.
enum InstalledPython {
    /// Returns whether the programs' Python has a module.
    static func has(_ module: String) -> Bool {
        guard let python = try? GymnasiumSettings().locatePython() else { return false }
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", "import \(module)"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

/// Trains in Gymnasium environments through the real programs.
@Suite(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
struct GymnasiumTests {
    @Test(arguments: [
        [], ["--method", "async-dqn"], ["--method", "a3c"],
        ["--method", "dqn", "--set", "environments_per_worker=3"],
        ["--method", "a3c", "--set", "environments_per_worker=3"],
    ])
    func interruptedRunResumesExactly(method: [String]) throws {
        let directory = try TemporaryDirectory()
        let settings = method.contains("a3c") ? ["--set", "network=mlp:16,16", "--eval-every", "300"] : tiny
        let arguments = ["--env", "gym:CartPole-v1", "--schedule-steps", "900", "-q"] + method + settings
        var result = try Program.run("dqn-train", arguments + ["--steps", "900", "--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        for cut in [1, 437] {
            result = try Program.run("dqn-train", arguments + ["--steps", "\(cut)", "--out", directory("cut\(cut)")])
            #expect(result.status == 0, "\(result.errors)")
            result = try Program.run("dqn-train", "--resume", directory("cut\(cut)"), "--steps", "900", "-q")
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.checkpointData("cut\(cut)", 900) == directory.checkpointData("whole", 900), "\(cut)")
            #expect(try directory.metricsWithoutClock("cut\(cut)") == directory.metricsWithoutClock("whole"), "\(cut)")
        }
        result = try Program.run("dqn-play", directory("whole"), "--episodes", "2", "--json")
        #expect(result.status == 0 && result.output.contains("gym:CartPole-v1"), "\(result.errors)")
    }

    @Test func killedTrainerLeavesNoProcessAndResumes() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:CartPole-v1", "--steps", "4000", "--save-every", "100", "-q"] + tiny
        var result = try Program.run("dqn-train", arguments + ["--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        let python = try ownPython(directory)
        let process = try Program.start(
            "dqn-train", arguments + ["--out", directory("killed"), "--python", python])
        try process.run()
        while directory.savedSteps("killed").isEmpty, process.isRunning { usleep(5_000) }
        let running = processes(naming: directory.path)
        #expect(running > 1)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        var left = processes(naming: directory.path)
        for _ in 0..<1000 where left > 0 {
            usleep(10_000)
            left = processes(naming: directory.path)
        }
        #expect(left == 0)
        result = try Program.run("dqn-train", "--resume", directory("killed"), "-q", "--python", python)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("killed", 4000) == directory.checkpointData("whole", 4000))
    }

    @Test(arguments: ["Lingerer", "Parent"])
    func environmentProcessesDieWithAKilledTrainer(kind: String) throws {
        let directory = try TemporaryDirectory()
        let python = try ownPython(directory)
        let process = try Program.start(
            "dqn-train",
            [
                "--env", "gym:dqn_test_environments:\(kind)-v0", "--steps", "1000000", "--save-every", "100", "-q",
                "--out", directory("killed"), "--python", python, "--python-path", Program.modules,
            ] + tiny + ["--eval-every", "0"])
        try process.run()
        while directory.savedSteps("killed").isEmpty, process.isRunning { usleep(5_000) }
        #expect(processes(naming: directory.path) > 1)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        var left = processes(naming: directory.path)
        for _ in 0..<2000 where left > 0 {
            usleep(10_000)
            left = processes(naming: directory.path)
        }
        #expect(left == 0)
    }

    /// A separate Python for a test. Its directory appears in the arguments and identifies the processes.
    private func ownPython(_ directory: TemporaryDirectory) throws -> String {
        let python = directory("python")
        let script = "#!/bin/sh\nexec '\(try GymnasiumSettings().locatePython())' -X 'of=\(directory.path)' \"$@\"\n"
        try script.write(toFile: python, atomically: true, encoding: .utf8)
        chmod(python, 0o755)
        return python
    }

    @Test func incompatibleStateStartsANewEpisode() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:dqn_test_environments:Caller-v0", "--out", directory("run"), "-q"] + tiny
        var result = try Program.run(
            "dqn-train", arguments + ["--steps", "200", "--eval-every", "0"], modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.newest("run").workers.first?.environment != nil)
        result = try Program.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "2000"], modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("worker 0 starts a new episode"), "\(result.errors)")
        #expect(result.errors.contains("'Caller.call'"), "\(result.errors)")
        let counts = try directory.newest("run").history.columns["rollout/abandoned_episodes"] ?? []
        #expect(counts.filter { !$0.isNaN }.reduce(0, +) == 1)
    }

    @Test(arguments: [
        ("LunarLander-v3", "Box2D", "mlp:16,16", false), ("MinAtar/Breakout-v1", "minatar", "conv:4k3s1/fc16", true),
        ("ALE/Pong-v5", "ale_py", "conv:4k8s8/fc16", true), ("ALE/Breakout-v5", "ale_py", "conv:4k8s8/fc16", true),
    ])
    func killedRunResumes(name: String, module: String, network: String, isExact: Bool) throws {
        try #require(InstalledPython.has(module), "\(module) is missing; run Scripts/setup-gymnasium")
        let directory = try TemporaryDirectory()
        let settings = ["network=\(network)", "learning_starts=50", "batch_size=8", "replay_capacity=200"]
        let more = ["target_interval=40", "log_interval=100", "train_interval=4", "gradient_steps=1"]
        let arguments =
            [
                "--env", "gym:\(name)", "--preset", "default", "--steps", "600", "--save-every", "60", "--eval-every",
                "0",
            ]
            + (settings + more).flatMap { ["--set", $0] }
        let process = try Program.start("dqn-train", arguments + ["-q", "--out", directory("killed")])
        try process.run()
        while directory.savedSteps("killed").count < 2, process.isRunning { usleep(2_000) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(try directory.newest("killed").counters.agentSteps < 600)
        var result = try Program.run("dqn-train", "--resume", directory("killed"))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("starts a new episode") != isExact, "\(result.errors)")
        let history = try directory.newest("killed").history
        let abandoned = history.columns["rollout/abandoned_episodes"]?.filter { !$0.isNaN }.reduce(0, +) ?? 0
        #expect(abandoned == (isExact ? 0 : 1))
        #expect(try directory.newest("killed").extensions.first?.owner == "org.swift-dqn.environment")
        guard isExact else { return }
        // Equal files mean that the replay has the same frames and rewards.
        result = try Program.run("dqn-train", arguments + ["-q", "--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("killed", 600) == directory.checkpointData("whole", 600))
    }

    @Test(arguments: [("Still", true), ("Keeper", false)])
    func resumeReportsAnotherVersion(kind: String, hasSnapshots: Bool) throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:dqn_test_environments:\(kind)-v0", "--out", directory("run"), "-q"] + tiny
        let first = ["--steps", "200", "--eval-every", "0"]
        var result = try Program.run("dqn-train", arguments + first, modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "300"], shell: "export DQN_TEST_LABEL=other",
            modules: Program.modules)
        #expect(result.status == (hasSnapshots ? 65 : 0), "\(result.errors)")
        #expect(
            result.errors.contains(hasSnapshots ? "taken with specification '" : "specification was '"),
            "\(result.errors)")
        #expect(result.errors.contains("'label': 'other'"), "\(result.errors)")
    }

    @Test func environmentOptionsAreStoredAndRestored() throws {
        let directory = try TemporaryDirectory()
        let option = ["--env-set", "max_episode_steps=9"]
        var result = try Program.run(
            "dqn-train",
            ["--env", "gym:CartPole-v1", "--out", directory("run"), "--steps", "150", "--schedule-steps", "200", "-q"]
                + option + tiny)
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "200", "-q")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.newest("run").configuration["environment"]?.stringValue?.hasSuffix("_steps=9") == true)
        let play = ["dqn-play", directory("run"), "--episodes", "3", "--json"]
        result = try Program.run(play[0], Array(play[1...]))
        #expect(result.output.contains("\"environment\" : \"gym:CartPole-v1?max_episode_steps=9\""), "\(result.output)")
        result = try Program.run(play[0], play[1...] + ["--env-set", "max_episode_steps=2"])
        #expect(result.output.contains("?max_episode_steps=2\""), "\(result.output)")
        for (arguments, part) in [
            (["--env", "CartPole-v1"] + option, "takes no options"), (option, "--env-set requires --env"),
            (["--resume", directory("run")] + option, "--env-set cannot be combined with --resume"),
            (["--env", "gym:CartPole-v1", "--env-set", "nonsense=1"], "does not accept these options"),
        ] {
            result = try Program.run("dqn-train", arguments)
            #expect(result.status == 64 && result.errors.contains(part), "\(result.errors)")
        }
    }

    @Test func exceptionPrintsATracebackAndSavesTheRun() throws {
        let directory = try TemporaryDirectory()
        let arguments = [
            "--env", "gym:dqn_test_environments:Raiser-v0", "--steps", "2000", "--out", directory("run"), "-q",
        ]
        let result = try Program.run("dqn-train", arguments + tiny, modules: Program.modules)
        #expect(result.status == 1)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.contains { $0.hasSuffix(", in act") }, "\(result.errors)")
        #expect(lines.last?.hasPrefix("dqn-train: ") == true && lines.last?.contains("the ice broke") == true)
        #expect(!directory.savedSteps("run").isEmpty)
    }

    @Test func hangingEnvironmentEndsTheRunAtItsDeadline() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:dqn_test_environments:Sleeper-v0", "--steps", "2000", "-q"] + tiny
        var result = try Program.run(
            "dqn-train", arguments + ["--out", directory("run"), "--env-timeout", "0.5"],
            modules: Program.modules)
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("within 0.5 seconds") == true, "\(result.errors)")
        #expect(result.errorLine?.contains("--env-timeout SECONDS") == true, "\(result.errors)")
        #expect(!directory.savedSteps("run").isEmpty)
        result = try Program.run("dqn-play", directory("run"), "--env-timeout", "0")
        #expect(result.status == 64 && result.errors.contains("--env-timeout 0.0 is out of range"), "\(result.errors)")
    }

    /// Counts the processes with a text in their arguments on Linux; returns 0 elsewhere.
    private func processes(naming text: String) -> Int {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { entry in
            guard Int(entry) != nil, let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline")
            else { return false }
            return String(decoding: data, as: UTF8.self).contains(text)
        }.count
    }

    @Test func runIsSavedWhenItsEnvironmentDies() throws {
        let directory = try TemporaryDirectory()
        let process = try Program.start(
            "dqn-train",
            [
                "--env", "gym:dqn_test_environments:Quitter-v0", "--steps", "2000", "--out", directory("run"),
                "--python-path", Program.modules,
            ] + tiny)
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(text.contains("ended with exit code 7; its last output was: out of here"), "\(text)")
    }

    @Test(.enabled(if: InstalledPython.has("Box2D"), "Scripts/setup-gymnasium installs Box2D"))
    func environmentWithoutSnapshotsResumesWithANewEpisode() throws {
        let directory = try TemporaryDirectory()
        let arguments =
            [
                "--env", "gym:LunarLander-v3", "--out", directory("run"), "--steps", "500", "--schedule-steps", "900",
            ] + tiny
        var result = try Program.run("dqn-train", arguments)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.newest("run").workers.first?.environment == nil)
        let notice =
            "checkpoints do not contain the state of the environment 'gym:LunarLander-v3', because 'LunarLander.world' "
            + "is a Box2D.Box2D.b2World, which is not data; training continues, and a resumed run starts a new episode"
        // Once, although every save lacks it.
        #expect(
            result.errors.split(separator: "\n").filter { $0 == "warning: \(notice)" }.count == 1, "\(result.errors)")
        result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "900")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("worker 0 starts a new episode"), "\(result.errors)")
        result = try Program.run("dqn-play", directory("run"), "--episodes", "1", "--max-steps", "50")
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func missingPythonIsReportedInOneLine() throws {
        let result = try Program.run("dqn-train", "--env", "gym:CartPole-v1", "--python", "/nowhere/python")
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("run Scripts/setup-gymnasium") == true, "\(result.errors)")
    }
}
