import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Every method with one worker: a run that is stopped anywhere and resumed in a new process ends in the same bytes.
@Suite struct MethodTests {
    /// Runs of one method with some settings, stopped at some steps.
    struct Case: Sendable, CustomTestStringConvertible {
        var method: String
        var environment = "CartPole-v1"
        var settings: [String] = []
        /// During warm-up (up to 100), at a target refresh (70, 140, …), in the middle of a segment or an episode, just
        /// after the replay's wrap (300) and an evaluation (300).
        var cuts = [57, 140, 213, 301]
        /// Arrays of the learner that must appear in one of the checkpoints, which proves that the runs stop at the right steps.
        var holds: Set<String> = []

        var testDescription: String { "\(method) \(environment) \(settings.joined(separator: " "))" }
    }

    private static let segment: Set = ["segment.actions", "segment.rewards", "segment.observations"]
    private static let everything = ["double=true", "dueling=true", "n_step=3", "prioritized=true"]
    private static let drawn = ["epsilon_assignment=drawn", "epsilon_resample_interval=37"]
    private static let several = ["environments_per_worker=3"]
    private static let convolution = "network=conv:4k3s1/fc16"

    private static let cases = [
        Case(method: "dqn", cuts: [140]),
        Case(method: "async-dqn"),
        Case(method: "async-q", holds: segment),
        Case(method: "async-sarsa", holds: segment.union(["next_action"])),
        Case(method: "async-nstep-q", holds: segment),
        Case(method: "a3c", holds: segment),

        Case(method: "dqn", settings: everything, holds: ["largest_priority"]),
        Case(method: "async-dqn", settings: everything, holds: ["largest_priority"]),
        Case(method: "async-nstep-q", settings: ["double=true", "dueling=true"], cuts: [213], holds: segment),

        Case(
            method: "async-dqn", settings: ["shared_statistics=false"], cuts: [213],
            holds: ["optimizer_steps", "optimizer.first_moment", "optimizer.second_moment"]),
        Case(
            method: "async-q", settings: ["shared_statistics=false"], cuts: [214],
            holds: segment.union(["optimizer_steps"])),
        Case(
            method: "a3c", settings: ["shared_statistics=false", "optimizer=adam"], cuts: [213],
            holds: segment.union(["optimizer_steps", "optimizer.first_moment"])),

        Case(method: "dqn", settings: ["munchausen=true", "n_step=3", "prioritized=true"], cuts: [140, 213]),
        Case(method: "async-dqn", settings: ["munchausen=true"], cuts: [213]),
        Case(method: "async-q", settings: ["munchausen=true"], cuts: [214], holds: segment),
        Case(method: "async-nstep-q", settings: ["munchausen=true", "dueling=true"], cuts: [213], holds: segment),

        Case(method: "dqn", settings: ["quantiles=7"], cuts: [140, 213]),
        Case(
            method: "async-dqn", settings: ["quantiles=7", "double=true", "n_step=3", "prioritized=true"], cuts: [213],
            holds: ["largest_priority"]),

        // A new ε is drawn at 37, 74, 111, …
        Case(method: "async-dqn", settings: drawn, cuts: [111, 213]),
        Case(method: "async-sarsa", settings: drawn, cuts: [111, 213]),
        Case(
            method: "async-dqn", settings: ["refresh_interval=3"], cuts: [141, 213, 301],
            holds: ["parameters", "updates_until_refresh", "pulled_at"]),

        // The batch is divided among threads.
        Case(method: "dqn", settings: ["compute_threads=2"], cuts: [213]),
        Case(method: "dqn", environment: "Catch-v0", settings: ["compute_threads=3", convolution], cuts: [213]),
        Case(method: "a3c", settings: ["compute_threads=2"], cuts: [213], holds: segment),

        // Several environments per worker; most cuts are in the middle of a round.
        Case(method: "dqn", settings: several, cuts: [57, 140, 213]),
        Case(method: "async-dqn", settings: everything + several, cuts: [214], holds: ["largest_priority"]),
        Case(method: "async-q", settings: several, holds: segment.union(["segment.ends", "segment.finals"])),
        Case(method: "async-sarsa", settings: several, holds: segment.union(["next_action"])),
        Case(method: "a3c", environment: "Catch-v0", settings: several + [convolution], cuts: [217], holds: segment),
        Case(
            method: "pqn", settings: several + ["segment_length=10", "minibatches=5", "epochs=2"],
            holds: segment.union(["segment.values"])),

        Case(method: "async-dqn", environment: "Catch-v0", settings: everything + [convolution], cuts: [213]),
        Case(method: "async-sarsa", environment: "Catch-v0", settings: [convolution], cuts: [213], holds: segment),
        Case(method: "a3c", environment: "Catch-v0", settings: [convolution], cuts: [213], holds: segment),
    ]

    @Test(arguments: cases)
    func interruptedRunResumesExactly(_ test: Case) throws {
        let directory = try TemporaryDirectory()
        let arguments =
            [
                "--env", test.environment, "--method", test.method, "--schedule-steps", "420", "--save-every", "150",
                "-q",
            ]
            + tiny + test.settings.flatMap { ["--set", $0] }
        func train(_ run: String, to step: Int) throws {
            let result = try Program.run("dqn-train", arguments + ["--steps", "\(step)", "--out", directory(run)])
            #expect(result.status == 0, "\(result.errors)")
        }
        try train("whole", to: 420)
        let whole = try directory.checkpointData("whole", 420)
        let metrics = try directory.metricsWithoutClock("whole")
        #expect(metrics.count == 1 + 5, "rows at 100, 200, 300, 400 and, with the last evaluation, 420")
        var held: Set<String> = []
        var lengths: [Int] = []
        for cut in test.cuts {
            let run = "cut\(cut)"
            try train(run, to: cut)
            let worker = try #require(try directory.checkpoint(run, cut).workers.first)
            held.formUnion((worker.learner?.values ?? [:]).keys)
            try expectConstants(test, directory.checkpoint(run, cut).configuration)
            lengths.append(worker.episodeLength)
            #expect((worker.finalEpsilon != nil) == isEpsilonDrawn(test))
            let result = try Program.run("dqn-train", "--resume", directory(run), "--steps", "420", "-q")
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.checkpointData(run, 420) == whole, "cut at \(cut)")
            #expect(try directory.metricsWithoutClock(run) == metrics, "cut at \(cut)")
        }
        #expect(held.isSuperset(of: test.holds), "met only \(held.sorted())")
        #expect(lengths.contains { $0 > 0 }, "no cut is in the middle of an episode")
    }

    /// An optimiser that the preset does not have must have its own constants.
    private func expectConstants(_ test: Case, _ configuration: JSONValue) throws {
        guard test.settings.contains("optimizer=adam") else { return }
        #expect(configuration["adam_beta1"]?.doubleValue == 0.9 && configuration["adam_beta2"]?.doubleValue == 0.999)
        #expect(configuration["optimizer_epsilon"]?.doubleValue == 1e-8)
    }

    /// A worker's final ε is state if it is drawn.
    private func isEpsilonDrawn(_ test: Case) -> Bool { test.settings == Self.drawn }

    /// A file in format 1.0 lacks the keys of later releases. A run with the old meaning of all of them resumes from it
    /// as from its own.
    @Test func runWithAFormat1_0CheckpointResumesExactly() throws {
        let directory = try TemporaryDirectory()
        let old = ["action_masks=false", "evaluation_environments=1", "initialization=fan-in", "probe_observations=0"]
        let arguments =
            ["--env", "CartPole-v1", "--schedule-steps", "420", "-q"] + tiny + old.flatMap { ["--set", $0] }
        for (run, steps) in [("whole", "420"), ("old", "213")] {
            let result = try Program.run("dqn-train", arguments + ["--steps", steps, "--out", directory(run)])
            #expect(result.status == 0, "\(result.errors)")
        }
        let file = directory.checkpointURL("old", 213)
        #expect(try Program.run("dqn-checkpoint", "convert", file.path, directory("1.0.h5"), "--to", "1.0").status == 0)
        try FileManager.default.removeItem(at: file)
        try FileManager.default.moveItem(atPath: directory("1.0.h5"), toPath: file.path)
        let shown = try Program.run("dqn-checkpoint", "show", file.path)
        #expect(shown.output.contains("1.0, written by"), "\(shown.output)")
        let result = try Program.run("dqn-train", "--resume", directory("old"), "--steps", "420")
        #expect(result.status == 0)
        #expect(!result.errors.contains("warning"), "\(result.errors)")
        #expect(try directory.checkpointData("old", 420) == directory.checkpointData("whole", 420))
        #expect(try directory.metricsWithoutClock("old") == directory.metricsWithoutClock("whole"))
    }
}
