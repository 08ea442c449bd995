import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Exact resume through the real programs: files are byte-identical wherever the run stops.
@Suite struct ResumeTests {
    /// Steps at which runs stop: the first, during warm-up, around its end, around target refreshes (70, 140, …), at
    /// and around the ring's wrap (300), an evaluation, in the middle of episodes, and just before the end.
    @Test(arguments: [
        ("CartPole-v1", [1, 50, 99, 100, 101, 139, 140, 141, 299, 300, 301, 437, 600, 899]),
        ("MountainCar-v0", [200, 333]), ("Acrobot-v1", [150, 612]),
    ])
    func interruptedRunResumesExactly(environment: String, cuts: [Int]) throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", environment, "--schedule-steps", "900", "--save-every", "250", "-q"] + tiny
        var result = try Program.run("dqn-train", arguments + ["--steps", "900", "--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        let whole = try directory.checkpointData("whole", 900)
        let metrics = try directory.metricsWithoutClock("whole")
        for cut in cuts {
            result = try Program.run("dqn-train", arguments + ["--steps", "\(cut)", "--out", directory("cut\(cut)")])
            #expect(result.status == 0, "\(result.errors)")
            result = try Program.run("dqn-train", "--resume", directory("cut\(cut)"), "--steps", "900", "-q")
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.checkpointData("cut\(cut)", 900) == whole, "\(environment) cut at \(cut)")
            #expect(
                try directory.metricsWithoutClock("cut\(cut)") == metrics, "\(environment) cut at \(cut)")
        }
    }

    @Test func convolutionsOnPixelsResumeExactly() throws {
        let directory = try TemporaryDirectory()
        for environment in ["Catch84-v0", "Catch-v0"] {
            // Both layers have sixteen channels. With eight, oneDNN's reference loop would take twenty times as long.
            let network = environment == "Catch-v0" ? "conv:8k3s1/fc16" : "conv:16k8s4,16k4s2/fc32"
            let arguments =
                ["--env", environment, "--schedule-steps", "420", "-q"] + tiny + ["--set", "network=\(network)"]
            _ = try Program.run(
                "dqn-train", arguments + ["--steps", "420", "--out", directory("\(environment)-whole")])
            for cut in [80, 205, 350] {
                let name = "\(environment)-\(cut)"
                _ = try Program.run("dqn-train", arguments + ["--steps", "\(cut)", "--out", directory(name)])
                let result = try Program.run("dqn-train", "--resume", directory(name), "--steps", "420", "-q")
                #expect(result.status == 0, "\(result.errors)")
                #expect(
                    try directory.checkpointData(name, 420) == directory.checkpointData("\(environment)-whole", 420),
                    "\(name)")
            }
        }
    }

    @Test func killedRunResumesExactly() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "CartPole-v1", "--steps", "6000", "--save-every", "200", "-q", "--keep", "3"] + tiny
        _ = try Program.run("dqn-train", arguments + ["--out", directory("whole")])
        for delay in [0.05, 0.1, 0.15] {
            let name = "killed\(delay)"
            let process = try Program.start("dqn-train", arguments + ["--out", directory(name)])
            try process.run()
            Thread.sleep(forTimeInterval: delay)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            var result = try Program.run("dqn-train", "--resume", directory(name), "-q")
            if result.status == 66 {
                // Killed before it wrote its configuration: the same command works.
                result = try Program.run("dqn-train", arguments + ["--out", directory(name)])
            }
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.checkpointData(name, 6000) == directory.checkpointData("whole", 6000))
            #expect(
                try directory.metricsWithoutClock(name)
                    == directory.metricsWithoutClock("whole"))
        }
    }

    @Test func evaluationSettingsMayChangeAtAResume() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "CartPole-v1", "--schedule-steps", "900"] + tiny
        var result = try Program.run(
            "dqn-train", arguments + ["--steps", "300", "--out", directory("run"), "--eval-every", "100", "-q"])
        #expect(result.status == 0, "\(result.errors)")
        let before = try directory.checkpointData("run", 300)
        // The same values change nothing.
        result = try Program.run("dqn-train", "--resume", directory("run"), "--eval-every", "100", "-q")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("run", 300) == before)

        // Even a run without steps left stores the change.
        result = try Program.run("dqn-train", "--resume", directory("run"), "--eval-every", "150")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("evaluation_interval changes from 100 to 150"), "\(result.errors)")
        #expect(try directory.newest("run").configuration["evaluation_interval"]?.integerValue == 150)
        result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "600", "--set", "evaluation_episodes=3",
            "--eval-episodes", "4", "--set", "evaluation_epsilon=0.25", "--target-return", "1e6")
        #expect(result.status == 0, "\(result.errors)")
        for words in [
            "evaluation_episodes changes from 2 to 4", "evaluation_epsilon changes from 0",
            "target_return changes from null to 1", "over 4 episodes",
        ] { #expect(result.errors.contains(words), "\(words): \(result.errors)") }
        let saved = try directory.newest("run")
        #expect(saved.counters.agentSteps == 600 && saved.configuration["evaluation_episodes"]?.integerValue == 4)
        // Evaluations at 100, 200 and 300, then every 150 steps.
        #expect(saved.counters.evaluations == 5)
        let configuration = try String(contentsOfFile: directory("run/config.json"), encoding: .utf8)
        #expect(configuration.contains("\"evaluation_interval\" : 150"), "\(configuration)")
        let lineage = try String(contentsOfFile: directory("run/lineage.jsonl"), encoding: .utf8)
        #expect(lineage.contains(#"{"changed":{"evaluation_interval":150},"#), "\(lineage)")
        #expect(lineage.split(separator: "\n").filter { $0.contains("changed") }.count == 2, "\(lineage)")

        // A target that the last evaluation reaches ends the run; a higher one lets it go on.
        result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "900", "--target-return", "-1", "--json")
        #expect(result.status == 0 && result.output.contains("reached_target"), "\(result.errors)")
        #expect(try directory.newest("run").counters.agentSteps == 600)
        result = try Program.run("dqn-train", "--resume", directory("run"), "--set", "target_return=null", "--json")
        #expect(result.status == 0 && result.output.contains("completed"), "\(result.errors)")
        #expect(try directory.newest("run").counters.agentSteps == 900)

        for arguments in [["--set", "learning_rate=0.1"], ["--set", "evaluation_episodes=3", "--set", "seed=1"]] {
            result = try Program.run("dqn-train", ["--resume", directory("run")] + arguments)
            #expect(result.status == 64)
            #expect(
                result.errors.contains(
                    "--set cannot be combined with --resume, because a run keeps its configuration"))
        }
        result = try Program.run("dqn-train", "--resume", directory("run"), "--set", "evaluation_epsilon=2")
        #expect(result.status == 64 && result.errors.contains("Invalid value 2 for 'evaluation_epsilon'"))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func signalSavesAndExitsWith130(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        let process = try Program.start(
            "dqn-train", ["--env", "CartPole-v1", "--steps", "100000000", "--out", directory("run")] + tiny)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        while process.isRunning, !FileManager.default.fileExists(atPath: directory("run/metrics.csv")) {
            Thread.sleep(forTimeInterval: 0.01)
        }
        Thread.sleep(forTimeInterval: 0.2)
        kill(process.processIdentifier, signal)
        // A program that ignores the signal must fail the test, not block it.
        let deadline = Date().addingTimeInterval(20)
        while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        let newest = try CheckpointLocation.resolve(URL(fileURLWithPath: directory("run")), .latest) { _ in }
        #expect(try Checkpoint(contentsOf: newest).counters.agentSteps > 0)
    }
}
