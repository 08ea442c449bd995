import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import HDF5
import Testing

/// What `verify` passes, `dqn-play` and `dqn-train --resume` take without a crash: files of real runs, with one value
/// changed, and digests and seals that are right again.
///
/// A sample runs by default. `Tests/Faults/meaning` tries all of them:
///
/// | variable | effect |
/// |---|---|
/// | `DQN_MUTATIONS` | the number of files for each run; 0 tries every single change |
/// | `DQN_MUTATION_SEED` | the seed of the sample |
@Suite struct ValueChangeTests {
    /// A short run, which ends within an episode and within a segment.
    struct Run: Sendable, CustomTestStringConvertible {
        var name: String
        var arguments: [String]
        var steps: Int
        var testDescription: String { name }

        init(_ name: String, _ environment: String, _ method: String, steps: Int, _ settings: String...) {
            self.name = name
            self.steps = steps
            arguments = ["--env", environment, "--method", method, "--steps", "\(steps)", "--quiet"]
            let common = [
                "network=mlp:6", "log_interval=20", "evaluation_episodes=1", "evaluation_interval=40",
                "evaluation_max_steps=20", "probe_observations=4",
            ]
            for setting in common + settings { arguments += ["--set", setting] }
        }
    }

    static let runs: [Run] = {
        let replay = ["learning_starts=20", "batch_size=4", "replay_capacity=60", "train_interval=2"]
        var runs = [
            Run("dqn", "CartPole-v1", "dqn", steps: 57, "prioritized=true", "n_step=3", "double=true"),
            Run(
                "dqn-masks", "Catch-v0", "dqn", steps: 71, "frame_stack=2", "munchausen=true", "n_step=2",
                "optimizer=rmsprop", "wrappers=time-limit:7 reward-normalize"),
            Run("dqn-quantiles", "MountainCar-v0", "dqn", steps: 63, "quantiles=5", "environments_per_worker=2"),
            Run(
                "async-dqn", "CartPole-v1", "async-dqn", steps: 90, "workers=2", "refresh_interval=3",
                "shared_statistics=false"),
        ]
        for index in runs.indices { for setting in replay { runs[index].arguments += ["--set", setting] } }
        return runs + [
            Run("async-q", "CartPole-v1", "async-q", steps: 58, "segment_length=7", "environments_per_worker=3"),
            Run("async-sarsa", "Acrobot-v1", "async-sarsa", steps: 53, "segment_length=5", "workers=2"),
            Run(
                "async-nstep-q", "Catch-v0", "async-nstep-q", steps: 53, "segment_length=5", "workers=2",
                "epsilon_assignment=drawn", "shared_statistics=false", "dueling=true"),
            Run("a3c", "CartPole-v1", "a3c", steps: 53, "segment_length=9", "environments_per_worker=2"),
            Run("pqn", "MountainCar-v0", "pqn", steps: 61, "segment_length=6", "environments_per_worker=4"),
            Run("pixels", "Catch84-v0", "async-q", steps: 23, "network=conv:2k8s8/fc4", "segment_length=5"),
        ]
    }()

    private static func variable(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    @Test(arguments: runs) func whatVerifyPassesRuns(_ run: Run) throws {
        let directory = try TemporaryDirectory()
        let start = try Program.run("dqn-train", run.arguments + ["--out", directory("run")])
        #expect(start.status == 0, "\(start.errors)")
        let file = try ForgedFile(reading: directory.checkpointURL("run", run.steps))
        let all = ValueChange.all(of: file)
        let count = Self.variable("DQN_MUTATIONS") ?? 8
        var generator = RandomGenerator(
            seed: UInt64(Self.variable("DQN_MUTATION_SEED") ?? 16), stream: "mutations/\(run.name)")
        func any() -> ValueChange { all[generator.integer(below: all.count)] }
        let mutations =
            count == 0
            ? all : (0..<count).map { $0 % 4 == 3 ? ValueChange.joined([any(), any()]) : any() }
        var tried = (passed: 0, refused: 0)
        for (number, mutation) in mutations.enumerated() {
            let isPassed = try attempt(mutation, of: file, run, directory, name: "m\(number)")
            tried = (tried.passed + (isPassed ? 1 : 0), tried.refused + (isPassed ? 0 : 1))
        }
        #expect(tried.passed + tried.refused == mutations.count)
        if Self.variable("DQN_MUTATIONS") != nil {
            print("\(run.name): \(tried.passed) changed files passed and ran, \(tried.refused) were refused")
        }
    }

    /// Tries a changed file; returns whether it is valid.
    private func attempt(
        _ mutation: ValueChange, of file: ForgedFile, _ run: Run, _ directory: TemporaryDirectory, name: String
    ) throws -> Bool {
        var forged = file
        mutation.apply(&forged)
        var steps = run.steps
        if case .int64(let stored)? = forged.attributes["agent_steps"] { steps = Int(stored) }
        let folder = directory.url.appendingPathComponent("\(name)/checkpoints")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory.url.appendingPathComponent(name)) }
        let url = folder.appendingPathComponent(CheckpointStore.fileName(agentSteps: steps))
        try forged.write(to: url)
        let report = Verifier.verify(url)
        if let failure = report.failure {
            #expect(failure.rule != nil, "\(run.name): \(mutation.name): \(failure)")
            // Loading shows the same rule.
            let loading = #expect(throws: CheckpointError.self, "\(run.name): \(mutation.name)") {
                try Checkpoint(contentsOf: url)
            }
            #expect(loading?.rule == failure.rule, "\(run.name): \(mutation.name): \(failure)")
            return false
        }
        try FileManager.default.copyItem(
            atPath: directory("run/config.json"), toPath: directory("\(name)/config.json"))
        let what = "\(run.name): \(mutation.name)"
        // The tools read less than a resume; a part of the sample suffices.
        let usesTools = Self.variable("DQN_MUTATIONS") != nil || name.hasSuffix("1")
        var playing = [url.path, "--episodes", "1", "--max-steps", "20"]
        if usesTools {
            let tools = [
                ["show"], ["strip", "--replay", directory("\(name)/stripped.h5")],
                ["convert", "--to", "1.1", "--allow-lossy", directory("\(name)/converted.h5")],
                ["plot", "-o", directory("\(name)/curve.svg")],
                ["plot", "--metric", "train/loss", "-o", directory("\(name)/loss.svg")],
                ["diff", directory.checkpointURL("run", run.steps).path],
            ]
            for arguments in tools {
                try expectNoCrash("dqn-checkpoint", [arguments[0], url.path] + arguments.dropFirst(), what, directory)
            }
            try expectNoCrash(
                "dqn-train",
                ["--from", url.path, "--steps", "40", "--schedule-steps", "90", "--out", directory("\(name)/new")],
                what,
                directory)
            playing += ["--record", directory("\(name)/film.gif"), "--trace", directory("\(name)/trace.jsonl")]
        }
        let further = steps.addingReportingOverflow(60)
        try expectNoCrash("dqn-play", playing, what, directory)
        try expectNoCrash(
            "dqn-train", ["--resume", directory(name), "--steps", "\(further.overflow ? .max : further.partialValue)"],
            what, directory)
        return true
    }

    /// Runs a program, which may fail with an error, but not crash or hang.
    private func expectNoCrash(
        _ program: String, _ arguments: [String], _ what: String, _ directory: TemporaryDirectory
    ) throws {
        let process = try Program.start(program, arguments)
        let log = directory("log")
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try process.run()
        let watch = Task.detached { [identifier = process.processIdentifier] in
            try await Task.sleep(for: .seconds(120))
            kill(identifier, SIGKILL)
        }
        process.waitUntilExit()
        watch.cancel()
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        #expect(
            process.terminationReason == .exit,
            "\(program) \(arguments.prefix(2)) ended by signal \(process.terminationStatus); \(what): \(text.suffix(600))"
        )
    }
}
