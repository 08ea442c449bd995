import CommandLineSupport
import DQNCheckpoint
import DQNEnvironments
import DQNModel
import Foundation
import PluginBuilding
import Testing

/// Limits of memory, of episodes and of counters.
@Suite struct LimitTests {
    private struct Report: Decodable {
        let lengths: [Int]
        let cut_off: [Bool]
        let max_steps: Int?
    }

    @Test(arguments: [
        ("export SLURM_MEM_PER_NODE=64", "but SLURM (SLURM_MEM_PER_NODE=64) allows 64.0 MiB; set replay_capacity to"),
        (
            "export SLURM_MEM_PER_CPU=16 SLURM_CPUS_ON_NODE=3",
            "but SLURM (SLURM_MEM_PER_CPU=16, SLURM_CPUS_ON_NODE=3) allows 48.0 MiB; "
        ),
        ("ulimit -v 4000000", "but of the shell's limit 'ulimit -v' of 3.81 GiB the program itself leaves "),
    ])
    func aRunThatDoesNotFitNamesTheLimit(shell: String, text: String) throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "CartPole-v1", "--out", directory("run")] + tiny
        let large = arguments + ["--set", "replay_capacity=900000000"]
        var result = try Program.run("dqn-train", large, shell: shell)
        #expect(result.status == 64, "\(result.errors)")
        #expect(result.errorLine?.contains(text) == true, "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("run")))
        if shell.hasPrefix("ulimit") {
            // Beyond it the run would crash.
            result = try Program.run("dqn-train", large + ["--memory", "1000G"], shell: shell)
            #expect(result.status == 64, "\(result.errors)")
            let words =
                #/but the shell's limit 'ulimit -v' leaves at most \d\.\d+ GiB, which --memory cannot raise; set replay/#
            #expect(result.errorLine?.contains(words) == true, "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: directory("run")))
            return
        }
        // The user can allow more, and is warned.
        let medium = arguments + ["--set", "replay_capacity=4000000", "--steps", "50", "--memory", "1000G"]
        result = try Program.run("dqn-train", medium, shell: shell)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("which --memory allows, but SLURM (SLURM_MEM"), "\(result.errors)")
    }

    @Test func episodesAreBoundedAndCutOnesAreNamed() throws {
        let directory = try TemporaryDirectory()
        let run = directory("run")
        var result = try Program.run(
            "dqn-train", ["--env", "CartPole-v1", "--steps", "50", "--out", run, "-q"] + tiny + ["--eval-every", "0"])
        #expect(result.status == 0, "\(result.errors)")
        func play(_ arguments: String...) throws -> Report {
            let result = try Program.run("dqn-play", [run, "--episodes", "2", "--json"] + arguments)
            #expect(result.status == 0, "\(result.errors)")
            return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        }
        let free = try play()
        #expect(free.max_steps == 108_000 && free.cut_off == [false, false])
        #expect(try play("--max-steps", "0").max_steps == nil)
        // An episode that ends at the limit is not cut off.
        let exact = try play("--max-steps", "\(free.lengths[0])")
        #expect(exact.lengths[0] == free.lengths[0] && exact.cut_off[0] == false)
        let cut = try play("--max-steps", "3")
        #expect(cut.lengths == [3, 3] && cut.cut_off == [true, true] && cut.max_steps == 3)
        result = try Program.run(
            "dqn-play", run, "--episodes", "2", "--max-steps", "3", "--trace", directory("trace"))
        #expect(result.output.matches(of: #/3 steps, seed \d+, cut off\n/#).count == 2, "\(result.output)")
        #expect(!result.errors.contains("cut off"), "the user knows the limit: \(result.errors)")
        let lines = try String(contentsOfFile: directory("trace"), encoding: .utf8).split(separator: "\n")
        #expect(lines.map { $0.contains(#""cut_off":true"#) } == [false, false, true, false, false, true])
    }

    /// An environment whose episodes never end does not keep the program from ending.
    @Test func anEndlessEpisodeIsCutOffByDefault() throws {
        let directory = try TemporaryDirectory()
        let environment = "plugin:\(try CompiledPlugin.misbehaving().path):Sound-v0"
        var result = try Program.run(
            "dqn-train",
            ["--env", environment, "--steps", "50", "--out", directory("run"), "-q"] + tiny + ["--eval-every", "0"])
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run("dqn-play", directory("run"), "--episodes", "1", "-q")
        #expect(result.status == 0)
        #expect(
            result.errors.hasPrefix(
                "warning: 1 of 1 episodes did not end within 108000 steps and were cut off; set another limit with --max"
            ),
            "\(result.errors)")
    }

    @Test func theDefaultLimitIsNoShorterThanTheEnvironmentsOwn() {
        func environment(_ limit: Int?) -> EnvironmentSpecification {
            EnvironmentSpecification(
                id: "Sample-v0", observationSpace: ObservationSpace(shape: [1], element: .float32),
                actionMeanings: ["stay", "go"], maximumEpisodeSteps: limit)
        }
        let standard = EpisodeLimit(requested: nil, for: environment(nil))
        #expect(standard.steps == 108_000)
        #expect(EpisodeLimit(requested: nil, for: environment(500)).steps == 108_000)
        #expect(EpisodeLimit(requested: nil, for: environment(500_000)).steps == 500_000)
        #expect(EpisodeLimit(requested: 7, for: environment(500)).steps == 7)
        #expect(EpisodeLimit(requested: 0, for: environment(nil)).steps == nil)
        #expect(
            standard.notice(for: [false, true, true])?.hasPrefix("2 of 3 episodes did not end within 108000") == true)
        #expect(standard.notice(for: [false]) == nil)
        #expect(EpisodeLimit(requested: 7, for: environment(nil)).notice(for: [true]) == nil)
    }

    /// Moves a run forward by many steps, as if it had taken them.
    private func advance(_ directory: TemporaryDirectory, _ run: String, by steps: Int) throws {
        var checkpoint = try directory.newest(run)
        for saved in directory.savedSteps(run) {
            try FileManager.default.removeItem(at: directory.checkpointURL(run, saved))
        }
        checkpoint.counters.agentSteps += steps
        checkpoint.counters.frames += steps
        checkpoint.counters.gradientUpdates += steps
        checkpoint.counters.targetRefreshes += steps
        checkpoint.counters.episodes += steps
        checkpoint.workers[0].agentSteps += steps
        checkpoint.history.agentSteps = checkpoint.history.agentSteps.map { $0 + steps }
        checkpoint.evaluation?.agentSteps += steps
        checkpoint.bestEvaluation?.agentSteps += steps
        try checkpoint.write(to: directory.checkpointURL(run, checkpoint.counters.agentSteps))
    }

    /// Beyond 2³¹, beyond the 2³² of an unsigned number, and beyond the twelve digits of a file name.
    @Test(arguments: [3_000_000_000, 4_800_000_000, 2_100_000_000_000])
    func largeCountersAreRightEverywhere(base: Int) throws {
        let directory = try TemporaryDirectory()
        let arguments =
            ["--env", "CartPole-v1", "--out", directory("run"), "-q", "--steps", "300"]
            + ["--schedule-steps", "1000000000000", "--set", "learning_rate_final=null"] + tiny
        var result = try Program.run("dqn-train", arguments)
        #expect(result.status == 0, "\(result.errors)")
        try advance(directory, "run", by: base)
        let (start, end) = (base + 300, base + 600)
        result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "\(end)", "--save-every", "100")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("done at step \(end) after"), "\(result.output)")
        #expect(
            result.output.matches(of: #/best evaluation [\d.]+ at step (\d+)/#).allSatisfy { Int($0.1) ?? 0 > base })
        #expect(result.errors.contains("step \(end): evaluation"), "\(result.errors)")
        // Files sort by their numbers, whatever the number of digits.
        #expect(directory.savedSteps("run") == [start, start + 100, start + 200, end])
        let listed = try Program.run("dqn-checkpoint", "ls", directory("run")).output.split(separator: "\n")
        #expect(
            listed.filter { $0.hasPrefix("step-") }.map { $0.prefix { $0 != " " } }
                == [start, start + 100, start + 200, end].map {
                    "\(CheckpointStore.fileName(agentSteps: $0))"[...]
                })
        for name in ["metrics.csv", "workers.csv"] {
            let rows = try String(contentsOfFile: directory("run/\(name)"), encoding: .utf8).split(separator: "\n")
            #expect(rows.last?.hasPrefix("\(end),") == true, "\(name): \(rows.last ?? "")")
        }
        let shown = try Program.run("dqn-checkpoint", "show", directory.checkpointURL("run", end).path).output
        #expect(shown.contains("\(end.grouped) (\(end.grouped) frames, "), "\(shown)")
        #expect(shown.contains("running, \(end.grouped) agent steps"), "\(shown)")
        #expect(shown.contains("episodes at step \(end.grouped)\n"), "\(shown)")
        let played = try Program.run("dqn-play", directory("run"), "--which", "\(start + 100)", "--json").output
        #expect(played.contains(#""step" : \#(start + 100)"#), "\(played)")
        let json = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "\(end + 5)", "--json").output
        #expect(json.contains(#""agent_steps" : \#(end + 5)"#), "\(json)")
        let plotted = try Program.run(
            "dqn-checkpoint", "plot", directory("run"), "-o", directory("curve.svg"), "--metric", "rollout/ep_rew_mean")
        #expect(plotted.status == 0, "\(plotted.errors)")
        #expect(
            try !String(contentsOfFile: directory("curve.svg"), encoding: .utf8).contains(">-"), "no negative steps")
    }

    @Test func workersFileHasEachRowOnce() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run(
            "dqn-train",
            [
                "--env", "CartPole-v1", "--method", "async-dqn", "--workers", "2", "--steps", "600", "--out",
                directory("run"), "-q", "--save-every", "100",
            ] + tiny)
        #expect(result.status == 0, "\(result.errors)")
        // A run that is killed after the rows of an evaluation, before the checkpoint that has it, leaves these files.
        for step in directory.savedSteps("run") where step > 300 {
            try FileManager.default.removeItem(at: directory.checkpointURL("run", step))
        }
        var checkpoint = try directory.checkpoint("run", 300)
        checkpoint.history.agentSteps.removeLast()
        for name in checkpoint.history.columns.keys { checkpoint.history.columns[name]?.removeLast() }
        (checkpoint.evaluation, checkpoint.bestEvaluation) = (nil, nil)
        checkpoint.counters.evaluations = 0
        try checkpoint.write(to: directory.checkpointURL("run", 300), overwriting: true)
        // Earlier releases left double rows.
        let file = URL(fileURLWithPath: directory("run/workers.csv"))
        let rows = try String(contentsOf: file, encoding: .utf8)
        let double = try #require(rows.split(separator: "\n").first { $0.hasPrefix("200,1,") })
        try Data((rows + double + "\n").utf8).write(to: file)
        let resumed = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "600", "-q")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let found = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map {
            $0.split(separator: ",").prefix(2).joined(separator: " ")
        }
        #expect(found == [100, 200, 300, 400, 500, 600].flatMap { ["\($0) 0", "\($0) 1"] })
    }
}
