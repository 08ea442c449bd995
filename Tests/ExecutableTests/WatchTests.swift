import DQNCheckpoint
import Foundation
import Testing

/// What `dqn-train` shows and writes for those who watch a run.
@Suite struct WatchTests {
    private func lines(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }

    private func lines(_ directory: TemporaryDirectory, _ name: String) throws -> [[String: Any]] {
        try lines(String(contentsOfFile: directory(name), encoding: .utf8))
    }

    private func arguments(_ directory: TemporaryDirectory, _ steps: Int = 600) -> [String] {
        [
            "--env", "CartPole-v1", "--steps", "\(steps)", "--schedule-steps", "900", "--save-every", "300", "--out",
            directory("run"),
        ] + tiny
    }

    private struct Row: Decodable {
        let metrics: [String: Double]
    }

    @Test func linesOfJSONDescribeTheRun() throws {
        let directory = try TemporaryDirectory()
        var result = try Program.run(
            "dqn-train", arguments(directory) + ["-q", "--log-json", directory("log.jsonl")])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
        let written = try lines(directory, "log.jsonl")
        #expect(written.allSatisfy { $0["event"] is String && $0["time"] is Double })
        let first = try #require(written.first)
        #expect(first["event"] as? String == "start" && first["total_steps"] as? Int == 600)
        #expect((first["configuration"] as? [String: Any])?["environment"] as? String == "CartPole-v1")
        #expect(first["directory"] as? String == directory("run"))
        let last = try #require(written.last)
        #expect(last["event"] as? String == "end" && last["outcome"] as? String == "completed")
        #expect((last["best_evaluation"] as? [String: Any])?["mean_return"] is Double)
        // The rows of metrics.csv.
        let table = try String(contentsOfFile: directory("run/metrics.csv"), encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        let rows = written.filter { $0["event"] as? String == "metrics" }
        #expect(rows.compactMap { $0["agent_steps"] as? Int } == table.dropFirst().compactMap { Int($0[0]) })
        let text = try String(contentsOfFile: directory("log.jsonl"), encoding: .utf8)
        // The numbers are exact, which JSONSerialization is not.
        let exact = try text.split(separator: "\n").filter { $0.contains("\"event\":\"metrics\"") }
            .map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)).metrics }
        for (metrics, cells) in zip(exact, table.dropFirst()) {
            for (name, cell) in zip(table[0], cells).dropFirst() { #expect(metrics[name] == Double(cell), "\(name)") }
        }
        for row in rows {
            let workers = try #require(row["workers"] as? [[String: Double]])
            #expect(workers.count == 1 && workers[0]["worker"] == 0 && workers[0]["timesteps"] != nil)
        }
        #expect(
            written.filter { $0["event"] as? String == "evaluation" }.compactMap { $0["agent_steps"] as? Int } == [
                300, 600,
            ])
        let saved = written.filter { $0["event"] as? String == "checkpoint" }.compactMap { $0["path"] as? String }
        #expect(saved.contains { $0.hasSuffix("step-000000000600.h5") }, "\(saved)")

        // A resume continues the file.
        result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "700", "-q", "--log-json", directory("log.jsonl"))
        #expect(result.status == 0, "\(result.errors)")
        let more = try lines(directory, "log.jsonl").dropFirst(written.count)
        #expect(more.first?["event"] as? String == "start" && more.first?["agent_steps"] as? Int == 600)
        #expect(more.last?["agent_steps"] as? Int == 700)
    }

    @Test func aDescriptorReceivesTheLines() throws {
        let directory = try TemporaryDirectory()
        var result = try Program.run(
            "dqn-train", arguments(directory, 300) + ["-q", "--log-json", "7"], shell: "exec 7>'\(directory("lines"))'")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try lines(directory, "lines").last?["event"] as? String == "end")
        // On standard output there is nothing else.
        result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "400", "--log-json", "1")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try lines(result.output).last?["agent_steps"] as? Int == 400)
        // Warnings are among them.
        result = try Program.run("dqn-train", "--resume", directory("run"), "--log-json", "1")
        let messages = try lines(result.output).compactMap { $0["message"] as? String }
        #expect(messages.contains { $0.hasPrefix("nothing to do") }, "\(result.output)")
        #expect(try lines(result.output).last?["nothing_to_do"] as? Bool == true)
    }

    /// A run does not end, and does not wait, because its reader has ended.
    @Test func aReaderThatEndsDoesNotEndTheRun() throws {
        let directory = try TemporaryDirectory()
        let process = try Program.start(
            "dqn-train", arguments(directory) + ["--log-json", "1"])
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try output.fileHandleForReading.close()
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.split(separator: "\n").count { $0.contains("--log-json ends: descriptor 1") } == 1, "\(text)")
        #expect(try directory.newest("run").counters.agentSteps == 600)
    }

    @Test func whatCannotReceiveLinesIsRefused() throws {
        let directory = try TemporaryDirectory()
        let mine = URL(fileURLWithPath: directory("mine.txt"))
        try Data("something of mine\n".utf8).write(to: mine)
        for (target, status, text) in [
            ("77", 64, "is not a descriptor open for writing"), (directory("mine.txt"), 64, "holds something else"),
            (directory("none/log"), 1, "cannot be written"), (directory.path, 1, "cannot be written"),
            ("", 64, "is empty"),
        ] as [(String, Int32, String)] {
            let result = try Program.run("dqn-train", arguments(directory) + ["--log-json", target])
            #expect(result.status == status && result.errorLine?.contains(text) == true, "\(target): \(result)")
        }
        let result = try Program.run("dqn-train", arguments(directory) + ["--log-json", "1", "--json"])
        #expect(result.status == 64 && result.errors.contains("both write to standard output"), "\(result)")
        #expect(try Data(contentsOf: mine) == Data("something of mine\n".utf8))
        #expect(!FileManager.default.fileExists(atPath: directory("run")))
    }

    @Test func aLogHasLinesAtASteadyInterval() throws {
        let directory = try TemporaryDirectory()
        let endless = [
            "--steps", "1000000000000", "--schedule-steps", "1000000000000", "--time-limit", "4", "--eval-every", "0",
        ]
        var result = try Program.run(
            "dqn-train", arguments(directory) + endless + ["--log-every", "0.3", "--dashboard"])
        #expect(result.status == 130, "\(result)")
        let progress = result.errors.split(separator: "\n").filter { $0.hasPrefix("step ") }
        #expect(progress.count >= 3 && progress.allSatisfy { $0.contains(" steps/s  return ") }, "\(result.errors)")
        #expect(!result.errors.contains("\u{1B}"))
        for quiet in [["--log-every", "0"], ["-q", "--log-every", "0.1"]] {
            result = try Program.run(
                "dqn-train", ["--resume", directory("run"), "--steps", "1000000000000", "--time-limit", "2"] + quiet)
            #expect(!result.errors.contains("steps/s"), "\(result.errors)")
        }
        result = try Program.run("dqn-train", arguments(directory) + ["--log-every", "-1"])
        #expect(result.status == 64 && result.errors.contains("--log-every"), "\(result)")
    }

    @Test func tensorboardTakesADirectoryOrNone() throws {
        let directory = try TemporaryDirectory()
        var result = try Program.run("dqn-train", arguments(directory, 300) + ["-q", "--tensorboard"])
        #expect(result.status == 0, "\(result.errors)")
        let events = { (folder: String) in
            try FileManager.default.contentsOfDirectory(atPath: directory(folder)).filter { $0.contains("tfevents") }
        }
        #expect(try events("run/tensorboard").count == 1)
        result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "400", "-q", "--tensorboard", directory("own/events"))
        #expect(result.status == 0, "\(result.errors)")
        #expect(try events("own/events").count == 1)
        result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "500", "--tensorboard", directory("run/metrics.csv"))
        #expect(result.status == 1 && result.errorLine?.contains("is a file, not a directory") == true, "\(result)")
    }

    /// A directory that cannot be written is refused before anything is.
    @Test func aRefusedDirectoryOfEventsLeavesNoRun() throws {
        let directory = try TemporaryDirectory()
        try Data("text".utf8).write(to: URL(fileURLWithPath: directory("file")))
        #expect(try Program.run("dqn-train", arguments(directory, 300) + ["-q"]).status == 0)
        try FileManager.default.moveItem(atPath: directory("run"), toPath: directory("first"))
        for start in [["--env", "CartPole-v1"], ["--from", directory("first")]] {
            for folder in [directory("file/events"), "/proc/none/events"] {
                let result = try Program.run(
                    "dqn-train", start + ["--steps", "300", "--out", directory("run"), "--tensorboard", folder] + tiny)
                #expect(result.status == 1 && result.errors.contains("'\(folder)' cannot be written"), "\(result)")
                #expect(!FileManager.default.fileExists(atPath: directory("run")), "\(start) \(folder)")
            }
            let result = try Program.run(
                "dqn-train",
                start + ["--steps", "300", "--out", directory("run"), "-q", "--tensorboard", directory("new/events")]
                    + tiny)
            #expect(result.status == 0, "\(result.errors)")
            try FileManager.default.removeItem(atPath: directory("run"))
            try FileManager.default.removeItem(atPath: directory("new"))
        }
    }

    /// What is asked for after the end is made from `metrics.csv`.
    @Test func aCompletedRunGetsItsEvents() throws {
        let directory = try TemporaryDirectory()
        #expect(try Program.run("dqn-train", arguments(directory) + ["-q"]).status == 0)
        let before = try directory.contents("run")
        let result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--tensorboard", directory("events"))
        #expect(result.status == 0 && result.errors.contains("events of the whole run for TensorBoard"), "\(result)")
        let files = try directory.contents("events")
        #expect(files.count == 1 && files.allSatisfy { $0.value.count > 3_000 }, "\(files.mapValues(\.count))")
        #expect(try directory.contents("run") == before)
    }
}
