import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Trains and plays with action masks of Gymnasium environments through the real programs.
@Suite(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
struct MaskTests {
    private static func settings(_ method: String, _ network: String = "mlp:8") -> [String] {
        let replay = ["learning_starts=60", "batch_size=8", "replay_capacity=150", "train_interval=2"]
        let own = ["dqn", "async-dqn"].contains(method) ? replay : []
        return ["--method", method, "--eval-every", "100", "--eval-episodes", "2"]
            + (["network=\(network)", "log_interval=50"] + own).flatMap { ["--set", $0] }
    }

    @Test(arguments: [
        ("Masked", "dqn", []), ("MaskedLimited", "dqn", ["--set", "double=true", "--set", "n_step=3"]),
        ("MaskedFrames", "dqn", ["--set", "frame_stack=2", "--set", "prioritized=true"]),
        ("MaskedLimited", "async-dqn", []), ("MaskedLimited", "a3c", []), ("MaskedLimited", "async-q", []),
        ("Masked", "async-nstep-q", ["--set", "double=true"]), ("MaskedLimited", "async-sarsa", []),
    ])
    func interruptedRunResumesExactly(name: String, method: String, more: [String]) throws {
        let directory = try TemporaryDirectory()
        let arguments =
            ["--env", "gym:dqn_test_environments:\(name)-v0", "--schedule-steps", "400", "-q"]
            + Self.settings(method) + more
        var result = try Program.run(
            "dqn-train", arguments + ["--steps", "400", "--out", directory("whole")], modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        for cut in [3, 217] {
            result = try Program.run(
                "dqn-train", arguments + ["--steps", "\(cut)", "--out", directory("cut\(cut)")],
                modules: Program.modules)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.newest("cut\(cut)").workers[0].actionMask?.count == 4)
            result = try Program.run(
                "dqn-train", ["--resume", directory("cut\(cut)"), "--steps", "400", "-q"], modules: Program.modules)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.checkpointData("cut\(cut)", 400) == directory.checkpointData("whole", 400), "\(cut)")
        }
        result = try Program.run("dqn-checkpoint", "verify", directory.checkpointURL("whole", 400).path)
        #expect(result.status == 0, "\(result.errors)")
        // Half of the actions are random, and all are allowed.
        result = try Program.run(
            "dqn-play",
            [
                directory("whole"), "--episodes", "4", "--epsilon", "0.5", "--trace", directory("trace"),
            ], modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        let lines = try String(contentsOfFile: directory("trace"), encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 12 && lines.allSatisfy { $0.contains("\"action_mask\":[") }, "\(lines)")
    }

    @Test func policyWithoutTrainingTakesTheBestAllowedAction() throws {
        let directory = try TemporaryDirectory()
        let arguments = [
            "--env", "gym:dqn_test_environments:Masked-v0", "--steps", "5", "--out", directory("run"), "-q",
        ]
        var result = try Program.run("dqn-train", arguments + Self.settings("dqn"), modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run(
            "dqn-play", [directory("run"), "--episodes", "5", "--trace", directory("trace")], modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        struct Line: Decodable {
            var action: Int
            var action_mask: [Bool]
            var action_values: [Float]
        }
        for line in try String(contentsOfFile: directory("trace"), encoding: .utf8).split(separator: "\n") {
            let step = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            let best = step.action_mask.indices.filter { step.action_mask[$0] }.map { step.action_values[$0] }.max()
            #expect(step.action_values[step.action] == best)
        }
    }

    @Test(arguments: [
        ("WrongMask", "has 5 entries, but there are 4 actions"), ("EmptyMask", "allows no action"),
    ])
    func invalidMaskEndsTheRun(name: String, part: String) throws {
        let directory = try TemporaryDirectory()
        let id = "gym:dqn_test_environments:\(name)-v0"
        let arguments = ["--env", id, "--steps", "50", "-q"] + Self.settings("dqn") + ["--eval-every", "0"]
        let result = try Program.run("dqn-train", arguments + ["--out", directory("run")], modules: Program.modules)
        #expect(result.status == 1)
        #expect(result.errors.contains("The action mask of the environment '\(id)' \(part)"), "\(result.errors)")
        #expect(result.errors.contains("--set action_masks=false"), "\(result.errors)")
    }

    @Test func runCanIgnoreMasks() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:dqn_test_environments:Masked-v0", "--steps", "100", "-q"]
        let result = try Program.run(
            "dqn-train",
            arguments + Self.settings("dqn") + ["--set", "action_masks=false", "--out", directory("run")],
            modules: Program.modules)
        #expect(result.status == 1 && result.errors.contains("is not allowed by"), "\(result.errors)")
    }
}
