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
        let result = try Program.run("dqn-checkpoint", "plot", run, "-o", directory("none/a.svg"))
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("none/a.svg' (") == true, "\(result.errors)")
    }

    @Test func helpShowsExamples() throws {
        let result = try Program.run("dqn-checkpoint", "plot", "--help")
        #expect(result.status == 0 && result.output.contains("EXAMPLES") && result.output.contains("--x time"))
    }
}
