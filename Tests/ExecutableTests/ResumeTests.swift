import DQNCheckpoint
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
            let result = try Program.run("dqn-train", "--resume", directory(name), "-q")
            if result.status == 66 { continue }  // killed before its first save
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.checkpointData(name, 6000) == directory.checkpointData("whole", 6000))
            #expect(
                try directory.metricsWithoutClock(name)
                    == directory.metricsWithoutClock("whole"))
        }
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
