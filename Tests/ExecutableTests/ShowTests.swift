import CommandLineSupport
import DQNCheckpoint
import Foundation
import Testing

/// `show` and `ls` for people: of files, of runs and of directories of runs.
@Suite struct ShowTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory("runs"), withIntermediateDirectories: true)
        let arguments = [
            "--env", "CartPole-v1", "--steps", "1200", "--schedule-steps", "1500", "--keep", "20", "--out",
            directory("runs/a"), "-q",
        ]
        #expect(try Program.run("dqn-train", arguments + tiny).status == 0)
        #expect(try Program.run("dqn-train", "--resume", directory("runs/a"), "--steps", "1500", "-q").status == 0)
    }

    private func tool(_ arguments: String...) throws -> String {
        let result = try Program.run("dqn-checkpoint", arguments)
        #expect(result.status == 0 && result.errors.isEmpty, "\(arguments): \(result.errors)")
        return result.output
    }

    /// The value of a line of `show`.
    private func value(_ name: String, _ text: String) throws -> String {
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(name)  ") }, "\(name): \(text)")
        return line.dropFirst(name.count).trimmingCharacters(in: .whitespaces)
    }

    @Test func showsTheNewestCheckpointOfARun() throws {
        let text = try tool("show", directory("runs/a"))
        let file = directory.checkpointURL("runs/a", 1500)
        #expect(try value("file", text) == file.path)
        #expect(try value("agent steps", text).hasPrefix("1,500 ("))
        #expect(try value("run", text) == "CartPole-v1, dqn, default")
        let bytes = try Data(contentsOf: file).count
        #expect(try value("size", text).hasSuffix(" (\(bytes.grouped) bytes)"))
        // 4·16 + 16 + 16·16 + 16 + 16·2 + 2
        #expect(try value("parameters", text) == "386 (1.5 KiB)")
        #expect(try value("replay", text).hasSuffix("100 % of 300 steps"))
        #expect(try value("learning curve", text).contains(#/[▁-█]{5}  [\d.]+ to [\d.]+ in 5 evaluations/#))
        #expect(try value("lineage", text).hasSuffix(" saves, resumed once"))
        #expect(try tool("show", file.path) == text)
        let first = try tool("show", directory("runs/a"), "--which", "0")
        #expect(try value("agent steps", first).hasPrefix("0 (") && !first.contains("learning curve"))
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(try tool("show", directory("runs/a"), "--json").utf8))
                as? [String: Any])
        #expect(json["parameters"] as? Int == 386 && json["file"] as? String == file.path)
        #expect((json["learning_curve"] as? [String: [Double]])?["agent_steps"] == [300, 600, 900, 1200, 1500])
        #expect((json["lineage"] as? [String: Any])?["resumes"] as? Int == 1)
    }

    @Test func aRunNamesTheOneItStartedFrom() throws {
        let arguments = ["--from", directory("runs/a"), "--steps", "300", "--out", directory("runs/b"), "-q"]
        #expect(try Program.run("dqn-train", arguments).status == 0)
        let text = try tool("show", directory("runs/b"))
        #expect(try value("lineage", text).hasSuffix("started from \(directory("runs/a")) at step 1,500"))
        // A copy elsewhere belongs to no run.
        _ = try tool("strip", directory.checkpointURL("runs/b", 300).path, directory("policy.h5"), "--all-but-policy")
        #expect(try !tool("show", directory("policy.h5")).contains("lineage"))
    }

    @Test func listsCheckpointsInATable() throws {
        let text = try tool("ls", directory("runs/a"))
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0].wholeMatch(of: #/checkpoint +agent steps +size +evaluation/#) != nil, "\(text)")
        let rows = lines.filter { $0.hasPrefix("step-") }
        #expect(rows.count == directory.savedSteps("runs/a").count)
        #expect(rows.last?.contains(#/ 1,500 +[\d.]+ KiB +[\d.]+ ± [\d.]+/#) == true, "\(text)")
        #expect(rows.filter { $0.hasSuffix("  best") }.count == 1, "\(text)")
        // The columns of numbers end below each other.
        let ends = rows.map { row in row.range(of: " KiB").map { row.distance(from: row.startIndex, to: $0.upperBound) }
        }
        #expect(Set(ends).count == 1 && ends[0] != nil, "\(text)")
        #expect(lines.last?.hasPrefix("learning curve  ") == true, "\(text)")
        let json = try JSONSerialization.jsonObject(with: Data(try tool("ls", directory("runs/a"), "--json").utf8))
        let entries = try #require(json as? [[String: Any]])
        #expect(entries.filter { $0["best"] as? Bool == true }.count == 1)
        let best = try #require(entries.first { $0["best"] as? Bool == true }?["agent_steps"] as? Int)
        #expect(try directory.newest("runs/a").bestEvaluation?.agentSteps == best)
    }

    @Test func listsRuns() throws {
        let arguments = ["--env", "Catch-v0", "--steps", "100", "--out", directory("runs/other"), "-q"]
        #expect(try Program.run("dqn-train", arguments + ["--eval-every", "0", "--seed", "7"]).status == 0)
        try FileManager.default.createDirectory(
            atPath: directory("runs/broken/checkpoints"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: directory("runs/notes"), withIntermediateDirectories: true)
        let text = try tool("ls", directory("runs"))
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == 4 && lines[0].hasPrefix("run "), "\(text)")
        #expect(lines[1].contains(#/^a +CartPole-v1 +dqn +\d+ +1,500 /#), "\(text)")
        #expect(lines[2].hasPrefix("broken ") && lines[2].contains("no valid checkpoint"), "\(text)")
        #expect(lines[3].contains(#/^other +Catch-v0 +dqn +7 +100 /#), "\(text)")
        let json = try JSONSerialization.jsonObject(with: Data(try tool("ls", directory("runs"), "--json").utf8))
        let rows = try #require(json as? [[String: Any]])
        #expect(rows.compactMap { $0["run"] as? String } == ["a", "broken", "other"])
        #expect(rows.compactMap { $0["valid"] as? Bool } == [true, false, true])
        #expect(rows[0]["agent_steps"] as? Int == 1500 && rows[2]["seed"] as? Int == 7)
    }

    /// A terminal gets colours unless the user refuses them; a pipe never does.
    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "util-linux has the program script"),
        arguments: [("unset NO_COLOR", true), ("export NO_COLOR=1", false), ("export TERM=dumb", false)])
    func coloursAreForTerminals(shell: String, isColoured: Bool) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        let command = "'\(Program.executable("dqn-checkpoint").path)' ls '\(directory("runs/a"))'"
        process.arguments = ["-q", "-c", "export TERM=xterm; \(shell); \(command)", "/dev/null"]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(text.contains("\u{1B}[1mcheckpoint") == isColoured && text.contains("step-000000001500"), "\(text)")
        #expect(try !tool("ls", directory("runs/a")).contains("\u{1B}"))
    }

    @Test func picturesHaveNoColoursEither() throws {
        let result = try Program.run(
            "dqn-play", ["--env", "CartPole-v1", directory("runs/a"), "--render", "ansi", "--episodes", "1"],
            shell: "export NO_COLOR=1")
        #expect(result.status == 0 && !result.output.contains("\u{1B}["), "\(result.output.prefix(300))")
    }
}
