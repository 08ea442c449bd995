import DQNCheckpoint
import Foundation
import Testing

/// Runs `dqn-checkpoint plot` as a user does.
@Suite struct PlotTests {
    private func train(_ directory: TemporaryDirectory, _ name: String, _ arguments: String...) throws {
        let result = try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "900", "-q", "--out", directory(name)] + tiny + arguments)
        #expect(result.status == 0, "\(result.errors)")
    }

    private func svg(_ directory: TemporaryDirectory, _ name: String) throws -> String {
        try String(contentsOfFile: directory(name), encoding: .utf8)
    }

    @Test func directoryAndFileProduceTheSamePlot() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "run")
        let file = directory("run/checkpoints/\(CheckpointStore.fileName(agentSteps: 900))")
        var result = try Program.run("dqn-checkpoint", "plot", directory("run"), "-o", directory("a.svg"))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        #expect(result.output == "\(directory("a.svg")): eval/mean_reward of 1 run\n")
        result = try Program.run("dqn-checkpoint", "plot", file, "-o", directory("b.svg"))
        #expect(result.status == 0, "\(result.errors)")
        let picture = try svg(directory, "a.svg")
        #expect(try svg(directory, "b.svg") == picture)
        #expect(
            picture.contains("viewBox") && picture.contains(">Agent steps<") && picture.contains(">CartPole-v1 dqn<"))
        // A line joins three evaluations.
        let line = try #require(picture.split(separator: "\n").first { $0.hasPrefix("<polyline") })
        #expect(line.split(separator: "\"")[1].split(separator: " ").count == 3)
    }

    @Test func seedsBecomeABandAndOtherSettingsSeparateLines() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "s0", "--seed", "0")
        try train(directory, "s1", "--seed", "1")
        try train(directory, "slow", "--set", "learning_rate=0.0001")
        let result = try Program.run(
            "dqn-checkpoint", "plot", directory("s0"), directory("slow"), directory("s1"), "-o", directory("a.svg"),
            "--title", "Two & one")
        #expect(result.status == 0, "\(result.errors)")
        let picture = try svg(directory, "a.svg")
        #expect(picture.contains(">CartPole-v1 dqn, learning_rate=0.001 (n = 2)<"))
        #expect(picture.contains(">CartPole-v1 dqn, learning_rate=0.0001<"))
        #expect(picture.contains(">Two &amp; one<") && picture.contains("confidence interval"))
        #expect(picture.split(separator: "\n").count { $0.hasPrefix("<polygon") } == 1)
    }

    @Test func timeRequiresARunDirectory() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "run")
        var result = try Program.run(
            "dqn-checkpoint", "plot", directory("run"), "--x", "time", "-o", directory("a.svg"), "--metric",
            "rollout/ep_rew_mean")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try svg(directory, "a.svg").contains(">Wall time (s)<"))

        let file = directory("run/checkpoints/\(CheckpointStore.fileName(agentSteps: 900))")
        result = try Program.run("dqn-checkpoint", "plot", file, "--x", "time", "-o", directory("b.svg"))
        #expect(result.status == 64)
        #expect(result.errorLine?.contains("only run directories record times") == true, "\(result.errors)")

        let metrics = URL(fileURLWithPath: directory("run/metrics.csv"))
        try Data("time/time_elapsed,eval/mean_reward\nsoon,1\n".utf8).write(to: metrics)
        result = try Program.run("dqn-checkpoint", "plot", directory("run"), "--x", "time", "-o", directory("b.svg"))
        #expect(result.status == 65)
        #expect(
            result.errorLine?.contains("Line 2, column 'time/time_elapsed': 'soon' is not a number") == true,
            "\(result.errors)")

        try FileManager.default.removeItem(at: metrics)
        result = try Program.run("dqn-checkpoint", "plot", directory("run"), "--x", "time", "-o", directory("b.svg"))
        #expect(result.status == 66)
        #expect(result.errorLine?.contains("has no metrics.csv") == true, "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("b.svg")))
    }

    @Test func overwritesOnlyWithForce() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "run")
        let file = directory("run/checkpoints/\(CheckpointStore.fileName(agentSteps: 900))")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: directory("a.svg")))
        var result = try Program.run("dqn-checkpoint", "plot", directory("run"), "-o", directory("a.svg"))
        #expect(result.status == 64)
        #expect(result.errorLine?.contains("replace it with --force") == true, "\(result.errors)")
        #expect(try svg(directory, "a.svg") == "mine")
        result = try Program.run("dqn-checkpoint", "plot", directory("run"), "-o", directory("a.svg"), "--force")
        #expect(result.status == 0)
        #expect(try svg(directory, "a.svg").hasPrefix("<?xml"))

        // Even --force does not replace an input file, under any name.
        let before = try directory.contents("run")
        try FileManager.default.createSymbolicLink(atPath: directory("link.svg"), withDestinationPath: file)
        for target in [file, directory("link.svg"), directory("run")] {
            result = try Program.run("dqn-checkpoint", "plot", file, "-o", target, "--force")
            #expect(result.status == 64)
            #expect(result.errorLine?.contains("cannot be replaced") == true, "\(result.errors)")
        }
        #expect(try directory.contents("run") == before)
    }

    @Test func reportsWhatCannotBePlotted() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "run")
        try train(directory, "unseen", "--eval-every", "0")
        try Data("text".utf8).write(to: URL(fileURLWithPath: directory("text.h5")))
        let run = directory("run")
        for (arguments, status, text) in [
            ([run, "--metric", "eval/mean_rewrd"], 64, "did you mean 'eval/mean_reward'?"),
            ([directory("unseen")], 64, "no metric 'eval/mean_reward'"),
            ([run, run], 64, "are the same run"),
            ([run, directory("nowhere")], 66, "There is no file or directory"),
            ([directory(".")], 66, "has no valid checkpoint"),
            ([directory("text.h5")], 65, "text.h5"),
            ([run, "--x", "frames"], 64, "frames"),
            ([], 64, "paths"),
        ] as [([String], Int32, String)] {
            let result = try Program.run("dqn-checkpoint", ["plot"] + arguments + ["-o", directory("a.svg")])
            #expect(result.status == status, "\(arguments): \(result.status) \(result.errors)")
            #expect(result.errors.contains(text), "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: directory("a.svg")))
        }
        #expect(try Program.run("dqn-checkpoint", "plot", run).status == 64)
    }

    @Test func theSuffixChoosesTheFormat() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "run")
        try train(directory, "slow", "--set", "learning_rate=0.0001")
        let runs = [directory("run"), directory("slow")]
        let names = ["--name", "fast one", "--name", "-slow one-"]
        for (name, beginning) in [("a.png", [0x89, 0x50, 0x4E, 0x47]), ("a.pdf", Array("%PDF".utf8))]
            as [(String, [UInt8])]
        {
            let result = try Program.run(
                "dqn-checkpoint",
                ["plot"] + runs + ["-o", directory(name), "--size", "800x500", "--smooth", "0.5"] + names)
            #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
            let file = try Data(contentsOf: URL(fileURLWithPath: directory(name)))
            #expect(file.prefix(4) == Data(beginning))
            if name == "a.png" { #expect(file[16..<24] == Data([0, 0, 3, 32, 0, 0, 1, 244])) }
        }
        var result = try Program.run(
            "dqn-checkpoint", ["plot"] + runs + ["-o", directory("a.svg"), "--smooth", "0.9"] + names)
        #expect(result.status == 0, "\(result)")
        let picture = try svg(directory, "a.svg")
        #expect(picture.contains(">fast one<") && picture.contains(">-slow one-<"))
        #expect(picture.contains("exponential moving average with weight 0.9"))
        for (arguments, text) in [
            (["-o", directory("b.jpg")], "Unknown format 'b.jpg'; the file name must end in .svg, .png or .pdf."),
            (["-o", directory("b")], "Unknown format 'b'"),
            (["-o", directory("b.svg"), "--name", "one"], "There are 2 lines"),
            (["-o", directory("b.svg"), "--size", "10x10"], "--size"),
            (["-o", directory("b.svg"), "--size", "300x160"], "has no room for the curves"),
            (["-o", directory("b.svg"), "--smooth", "1"], "--smooth 1.0 is out of range"),
            (["-o", directory("b.svg"), "--smooth", "nan"], "--smooth"),
        ] {
            result = try Program.run("dqn-checkpoint", ["plot"] + runs + arguments)
            #expect(result.status == 64 && result.errorLine?.contains(text) == true, "\(arguments): \(result)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count { $0.hasPrefix("b") } == 0)
    }

    /// The document has what the picture shows.
    @Test func theDocumentHasTheDrawnValues() throws {
        struct Document: Decodable {
            struct Line: Decodable {
                var name: String
                var runs: Int
                var positions: [Double]
                var means: [Double]
                var half_widths: [Double]?
            }
            var output: String
            var format: String
            var bytes: Int
            var x_label: String
            var lines: [Line]
        }
        let directory = try TemporaryDirectory()
        try train(directory, "one")
        try train(directory, "two", "--seed", "2")
        try train(directory, "slow", "--set", "learning_rate=0.0001")
        let runs = ["one", "two", "slow"].map { directory($0) }
        let file = directory("a.pdf")
        let result = try Program.run(
            "dqn-checkpoint", ["plot"] + runs + ["-o", file, "--json", "--name", "fast", "--name", "slow"])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
        let document = try JSONDecoder().decode(Document.self, from: Data(result.output.utf8))
        #expect(document.output == file && document.format == "pdf" && document.x_label == "Agent steps")
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)).count == document.bytes)
        #expect(document.lines.map(\.name) == ["fast", "slow"] && document.lines.map(\.runs) == [2, 1])
        let histories = try ["one", "two", "slow"].map { name in
            let history = try directory.newest(name).history
            return zip(history.agentSteps, try #require(history.columns["eval/mean_reward"])).filter { $1.isFinite }
        }
        #expect(document.lines[1].means == histories[2].map(\.1) && document.lines[1].half_widths == nil)
        #expect(document.lines[0].positions == histories[0].map { Double($0.0) })
        #expect(document.lines[0].means == zip(histories[0], histories[1]).map { ($0.1 + $1.1) / 2 })
        #expect(document.lines[0].half_widths?.count == document.lines[0].means.count)
    }

    @Test func helpShowsExamples() throws {
        let result = try Program.run("dqn-checkpoint", "plot", "--help")
        #expect(result.status == 0 && result.output.contains("EXAMPLES") && result.output.contains("--x time"))
    }
}
