import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// The first second of a run: whatever ends it there, the directory can be used again.
@Suite struct BeginningTests {
    private static let steps = 300

    /// Ends the run in the middle of its schedule.
    private let half = ["--steps", "200", "--schedule-steps", "\(BeginningTests.steps)"]

    private func arguments(_ out: String) -> [String] {
        ["--env", "CartPole-v1", "--steps", "\(Self.steps)", "--save-every", "100", "-q", "--out", out] + tiny
    }

    /// Makes the directory that a kill just before the first checkpoint leaves.
    private func leaveUnsaved(_ directory: TemporaryDirectory, _ name: String) throws {
        let result = try Program.run("dqn-train", arguments(directory(name)))
        #expect(result.status == 0, "\(result.errors)")
        for file in try FileManager.default.contentsOfDirectory(atPath: directory("\(name)/checkpoints")) {
            try FileManager.default.removeItem(atPath: directory("\(name)/checkpoints/\(file)"))
        }
        for file in ["lineage.jsonl", "curve.svg"] {
            try FileManager.default.removeItem(atPath: directory("\(name)/\(file)"))
        }
        for table in ["metrics.csv", "workers.csv"] {
            let url = directory.url.appendingPathComponent("\(name)/\(table)")
            let header = try String(contentsOf: url, encoding: .utf8).prefix { $0 != "\n" }
            try Data((header + "\n").utf8).write(to: url)
        }
    }

    private func last(_ directory: TemporaryDirectory, _ name: String) throws -> Data {
        try directory.checkpointData(name, Self.steps)
    }

    @Test func aRunKilledBeforeItsFirstCheckpointBeginsAgain() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("dqn-train", arguments(directory("whole")))
        let whole = try last(directory, "whole")
        for (name, again) in [
            ("resumed", ["--resume", directory("resumed")]),
            ("same", arguments(directory("same")).filter { $0 != "-q" }),
        ] {
            try leaveUnsaved(directory, name)
            let result = try Program.run("dqn-train", again)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.errors.contains("ended before its first checkpoint was written; it begins again"))
            #expect(try last(directory, name) == whole)
            #expect(directory.savedSteps(name) == directory.savedSteps("whole"))
            #expect(try directory.metricsWithoutClock(name) == directory.metricsWithoutClock("whole"))
        }
        // Before the configuration was written, there are only directories.
        for (name, folder) in [("first", "first"), ("second", "second/checkpoints")] {
            try FileManager.default.createDirectory(atPath: directory(folder), withIntermediateDirectories: true)
            #expect(try Program.run("dqn-train", "--resume", directory(name)).status == 66)
            #expect(try Program.run("dqn-train", arguments(directory(name))).status == 0)
            #expect(try last(directory, name) == whole)
        }
    }

    @Test func aRunThatBeginsAgainTakesTheOptionsOfTheResume() throws {
        let directory = try TemporaryDirectory()
        try leaveUnsaved(directory, "run")
        let result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "150", "--save-every", "50", "--eval-every", "150")
        #expect(result.status == 0, "\(result.errors)")
        #expect(directory.savedSteps("run") == [0, 50, 100, 150])
        let newest = try directory.newest("run")
        #expect(newest.configuration["evaluation_interval"]?.integerValue == 150)
        #expect(newest.configuration["schedule_steps"]?.integerValue == 300)
    }

    /// Kills at instants of the whole start; `Tests/Faults/beginnings` kills at each file call.
    @Test func aKillAtAnyInstantLeavesNoDeadEnd() throws {
        let directory = try TemporaryDirectory()
        for number in 0..<12 {
            let name = "run\(number)"
            let process = try Program.start(
                "dqn-train",
                ["--env", "CartPole-v1", "--steps", "100000000", "-q", "--out", directory(name)] + tiny)
            try process.run()
            Thread.sleep(forTimeInterval: 0.01 + 0.02 * Double(number))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let resumed = try Program.run(
                "dqn-train", "--resume", directory(name), "--steps", "100000", "--target-return", "-1", "--eval-every",
                "10", "-q")
            if resumed.status == 66 {
                #expect(!FileManager.default.fileExists(atPath: directory("\(name)/config.json")))
                let again = try Program.run("dqn-train", arguments(directory(name)))
                #expect(again.status == 0, "\(again.errors)")
            } else {
                #expect(resumed.status == 0, "\(resumed.errors)")
            }
        }
    }

    /// Every save fails, and the run has rows without a checkpoint; or not even the configuration can be written.
    @Test(arguments: [8, 1]) func aDiskThatWasFullAtTheStartLeavesNoDeadEnd(limit: Int) throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("dqn-train", arguments(directory("whole")))
        let full = try Program.run(
            "dqn-train", arguments(directory("run")), shell: "trap '' XFSZ; ulimit -f \(limit)")
        #expect(full.status == 1, "\(full.errors)")
        #expect(full.errors.contains("File too large"), "\(full.errors)")
        for words in ["Earlier checkpoints", "earlier checkpoints", "0x", "NSCocoa", "Error Domain", "errno"] {
            #expect(!full.errors.contains(words), "\(words): \(full.errors)")
        }
        #expect(directory.savedSteps("run") == [])
        if limit == 8 {
            #expect(full.errors.contains("No checkpoint has been saved."), "\(full.errors)")
            let refused = try Program.run("dqn-train", arguments(directory("run")))
            #expect(refused.status == 1)
            #expect(refused.errors.contains("metrics.csv of a run without checkpoints; continue it with --resume"))
            let rows = try String(contentsOfFile: directory("run/metrics.csv"), encoding: .utf8)
            let resumed = try Program.run("dqn-train", "--resume", directory("run"))
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("metrics.csv is now named metrics.csv.aside"), "\(resumed.errors)")
            #expect(try String(contentsOfFile: directory("run/metrics.csv.aside"), encoding: .utf8) == rows)
        } else {
            let again = try Program.run("dqn-train", arguments(directory("run")))
            #expect(again.status == 0, "\(again.errors)")
        }
        #expect(try last(directory, "run") == last(directory, "whole"))
        #expect(try directory.metricsWithoutClock("run") == directory.metricsWithoutClock("whole"))
    }

    @Test func checkpointsWithoutConfigurationResume() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("dqn-train", arguments(directory("whole")))
        for (name, contents) in [("missing", nil), ("empty", Data()), ("zeros", Data(count: 100))] as [(String, Data?)]
        {
            _ = try Program.run(
                "dqn-train", arguments(directory(name)) + half)
            let file = directory.url.appendingPathComponent("\(name)/config.json")
            try FileManager.default.removeItem(at: file)
            try contents?.write(to: file)
            let result = try Program.run("dqn-train", "--resume", directory(name))
            #expect(result.status == 0, "\(result.errors)")
            #expect(
                result.errors.contains(
                    "there is no config.json: the run has the configuration in step-000000000200.h5, ends at agent step "
                        + "\(Self.steps) (its schedule_steps)"), "\(result.errors)")
            #expect(try last(directory, name) == last(directory, "whole"))
            #expect(try Program.run("dqn-train", "--resume", directory(name), "-q").status == 0)
            #expect(try Data(contentsOf: file).count > 100)
        }
        // A file of something else stays; an edited one with a mistake is not thrown away.
        for text in ["{\"name\": \"mine\"}", "{\"configuration\": {,}"] {
            let file = directory.url.appendingPathComponent("missing/config.json")
            try Data(text.utf8).write(to: file)
            let result = try Program.run("dqn-train", "--resume", directory("missing"))
            #expect(result.status == 66)
            #expect(result.errorLine?.contains("its config.json cannot be read") == true, "\(result.errors)")
            #expect(result.errorLine?.contains("move it away") == true, "\(result.errors)")
            #expect(try Data(contentsOf: file) == Data(text.utf8))
        }
    }
}
