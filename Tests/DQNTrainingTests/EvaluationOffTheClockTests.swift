import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Logging
import Testing

/// Evaluations run while training continues, and no file depends on how long they take.
@Suite(.serialized) struct EvaluationOffTheClockTests {
    init() { SlowEvaluationEnvironment.registration }

    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private func configuration(_ method: String, _ settings: [String] = []) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = SlowEvaluationEnvironment.id
        request.method = method
        request.steps = 400
        request.assignments =
            [
                "network=mlp:8,8", "log_interval=50", "evaluation_interval=100", "evaluation_episodes=4",
                "evaluation_environments=2", "probe_observations=16",
            ] + (method == "dqn" ? ["replay_capacity=120", "learning_starts=20", "batch_size=4"] : []) + settings
        return try request.resolve()
    }

    private func run(
        _ configuration: TrainingConfiguration, saveEvery: Int = 70, keep: Int = 100, delay: Duration = .zero,
        in directory: RunDirectory, isInterrupted: () -> Bool = { false }
    ) throws -> (outcome: TrainingRun.Outcome, run: TrainingRun) {
        SlowEvaluationEnvironment.setDelay(delay)
        defer { SlowEvaluationEnvironment.setDelay(.zero) }
        let run = try TrainingRun(
            configuration, options: .init(steps: 400, saveEvery: saveEvery, keep: keep), in: directory, logger: silent)
        return (try run.run(isInterrupted: isInterrupted), run)
    }

    /// Everything in a run's directory, with the wall-clock columns of the metrics left out.
    private func contents(_ directory: RunDirectory) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for entry in try CheckpointStore(directory: directory.checkpoints).entries() {
            files[entry.url.lastPathComponent] = try Data(contentsOf: entry.url)
        }
        for name in ["lineage.jsonl", "curve.svg", "config.json"] {
            files[name] = try? Data(contentsOf: directory.url.appendingPathComponent(name))
        }
        for name in ["metrics.csv", "workers.csv"] {
            let text = try String(contentsOf: directory.url.appendingPathComponent(name), encoding: .utf8)
            files[name] = Data(withoutClock(text).utf8)
        }
        return files
    }

    private func withoutClock(_ table: String) -> String {
        let rows = table.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let clocks: Set<Substring> = ["time/time_elapsed", "time/fps", "save/seconds", "worker/fps"]
        let kept = (rows.first ?? []).map { !clocks.contains($0) }
        return rows.map { zip($0, kept).filter(\.1).map(\.0).joined(separator: ",") }.joined(separator: "\n")
    }

    private func expectEqual(_ left: [String: Data], _ right: [String: Data], _ what: String) {
        #expect(left.keys.sorted() == right.keys.sorted(), "\(what)")
        for (name, data) in left { #expect(right[name] == data, "\(what): \(name)") }
    }

    /// An arbitrarily slow evaluator changes no byte of any file, whether or not a target ends the run.
    @Test(arguments: [
        ("dqn", []), ("async-nstep-q", []), ("a3c", ["evaluation_epsilon=0.3"]), ("dqn", ["target_return=3"]),
        ("async-q", ["target_return=-100"]), ("dqn", ["log_interval=30", "evaluation_interval=60"]),
    ])
    func aSlowEvaluatorChangesNoFile(method: String, settings: [String]) throws {
        var expected: [String: Data]?
        for delay in [Duration.zero, .milliseconds(30)] {
            try withRunDirectory { directory in
                let (outcome, run) = try run(configuration(method, settings), keep: 3, delay: delay, in: directory)
                let isShort = settings == ["target_return=-100"]
                #expect((outcome == .reachedTarget) == settings.contains { $0.hasPrefix("target") })
                if isShort { #expect(run.trainer.counters.agentSteps == 100) }
                let last = try Checkpoint(contentsOf: try #require(run.lastCheckpoint))
                #expect(last.counters == run.trainer.counters)
                #expect(last.reachedTarget == (outcome == .reachedTarget))
                let found = try contents(directory)
                if let expected { expectEqual(found, expected, "\(method) \(settings)") }
                expected = found
            }
        }
    }

    /// Requests for saves, also while the run waits for an evaluation, add checkpoints and change nothing else.
    @Test(arguments: ["dqn", "async-sarsa"])
    func requestedSavesChangeNoOtherFile(method: String) throws {
        let configuration = try configuration(method)
        var expected: [String: Data] = [:]
        try withRunDirectory { directory in
            _ = try run(configuration, in: directory)
            expected = try contents(directory)
        }
        try withRunDirectory { directory in
            SlowEvaluationEnvironment.setDelay(.milliseconds(30))
            defer { SlowEvaluationEnvironment.setDelay(.zero) }
            let run = try TrainingRun(
                configuration, options: .init(steps: 400, saveEvery: 70, keep: 100), in: directory, logger: silent)
            run.ending.takeSaveRequest = { true }
            #expect(try run.run() == .completed)
            let found = try contents(directory)
            #expect(found.keys.contains { $0.hasPrefix("step-") && expected[$0] == nil })
            for (name, data) in expected where name != "lineage.jsonl" {
                #expect(found[name] == data, "\(method): \(name)")
            }
        }
    }

    /// A trainer that waits for each evaluation computes the same states.
    @Test func continuingDuringEvaluationsChangesNoState() throws {
        try withRunDirectory { directory in
            let configuration = try configuration("dqn")
            _ = try run(configuration, saveEvery: 50, in: directory)
            let trainer = try Trainer(configuration)
            let waited = directory.url.appendingPathComponent("waited", isDirectory: true)
            try FileManager.default.createDirectory(at: waited, withIntermediateDirectories: true)
            let store = try CheckpointStore(directory: waited)
            while trainer.counters.agentSteps < 400 {
                try trainer.advance(to: 400)
                let url = try store.commit(trainer.checkpoint()).url
                let other = directory.checkpoints.appendingPathComponent(url.lastPathComponent)
                #expect(try Data(contentsOf: url) == Data(contentsOf: other), "\(url.lastPathComponent)")
            }
        }
    }

    /// The number of environments and threads does not change the result of an evaluation.
    @Test func episodesDoNotDependOnTheirNeighbours() throws {
        func returns(_ environments: Int, epsilon: Double) throws -> [Double] {
            var configuration = try configuration("dqn", ["evaluation_epsilon=\(epsilon)", "evaluation_episodes=7"])
            configuration.evaluationEnvironments = environments
            let trainer = try Trainer(configuration)
            var found: [Double] = []
            while trainer.counters.agentSteps < 400 {
                if let evaluation = try trainer.advance(to: 400).evaluation {
                    found += [evaluation.meanReturn, evaluation.standardDeviation]
                }
            }
            return found
        }
        let greedy = try returns(1, epsilon: 0)
        #expect(greedy.count == 8)
        #expect(try returns(2, epsilon: 0) == greedy)
        #expect(try returns(7, epsilon: 0) == greedy)
        let exploring = try returns(2, epsilon: 0.5)
        #expect(try returns(3, epsilon: 0.5) == exploring)
        #expect(try returns(100, epsilon: 0.5) == exploring)
        #expect(exploring != greedy)
    }

    /// Wherever a run is interrupted while an evaluation is running, the resumed run ends in the same bytes.
    @Test(arguments: [("dqn", 0), ("dqn", 7), ("async-sarsa", 0), ("async-sarsa", 13)])
    func anInterruptedRunResumesExactly(method: String, steps: Int) throws {
        let configuration = try configuration(method)
        var expected: [String: Data] = [:]
        try withRunDirectory { directory in
            _ = try run(configuration, in: directory)
            expected = try contents(directory)
        }
        // With a short evaluation the run waits for it; a long one is cancelled, and its step is saved without it.
        for (delay, patience) in [(Duration.milliseconds(20), Duration.seconds(30)), (.seconds(1), .zero)] {
            try withRunDirectory { directory in
                let saved = try interrupt(configuration, delay, patience, at: 100 + steps, in: directory)
                if patience == .zero {
                    #expect(saved.counters.agentSteps == 100 && saved.evaluation == nil)
                } else {
                    #expect(saved.counters.evaluations == 1)
                }
                let second = try TrainingRun(resuming: directory, logger: silent)
                #expect(try second.run() == .completed)
                let found = try contents(directory)
                for (name, data) in expected where name != "lineage.jsonl" {
                    #expect(found[name] == data, "\(method), \(delay): \(name)")
                }
            }
        }
    }

    /// Interrupts a run and returns what it has saved; the run releases its directory.
    private func interrupt(
        _ configuration: TrainingConfiguration, _ delay: Duration, _ patience: Duration, at step: Int,
        in directory: RunDirectory
    ) throws -> Checkpoint {
        SlowEvaluationEnvironment.setDelay(delay)
        defer { SlowEvaluationEnvironment.setDelay(.zero) }
        let run = try TrainingRun(
            configuration, options: .init(steps: 400, saveEvery: 70, keep: 100), in: directory, logger: silent)
        run.patience = patience
        #expect(try run.run { run.trainer.claimedAgentSteps >= step } == .interrupted)
        let saved = try Checkpoint(contentsOf: try #require(run.lastCheckpoint))
        #expect(saved.counters == run.trainer.counters)
        return saved
    }

    /// The state that is held during an evaluation counts in the memory budget.
    @Test func theMemoryEstimateCountsTheHeldState() throws {
        func bytes(_ evaluatesInBackground: Bool) throws -> String {
            var options = Trainer.Options(memoryLimit: 1, saveInterval: 70)
            options.evaluatesInBackground = evaluatesInBackground
            let configuration = try configuration("dqn", ["replay_capacity=100000", "log_interval=10000"])
            let error = #expect(throws: TrainingError.self) { _ = try Trainer(configuration, options: options) }
            let text = try #require(error).message
            return String(text[try #require(text.range(of: "for saves ")).upperBound...].prefix { $0 != " " })
        }
        let (waiting, holding) = (try bytes(false), try bytes(true))
        #expect(waiting != holding, "\(waiting) and \(holding)")
    }

    /// A worker fails after a target was reached, before that is known: the run has ended at the target.
    @Test func aFailureBeyondTheTargetIsDiscarded() throws {
        try withRunDirectory { directory in
            SlowEvaluationEnvironment.failingStep = 130
            defer { SlowEvaluationEnvironment.failingStep = .max }
            let (outcome, run) = try run(
                configuration("async-q", ["target_return=-100", "log_interval=100"]), delay: .milliseconds(50),
                in: directory)
            #expect(outcome == .reachedTarget)
            #expect(run.trainer.counters.agentSteps == 100)
            #expect(run.trainer.failure == nil)
        }
    }

    /// The evaluation of the step before a failure is recorded before the run ends with it.
    @Test func aFailureDuringAnEvaluationComesAfterIt() throws {
        try withRunDirectory { directory in
            SlowEvaluationEnvironment.failingStep = 130
            defer { SlowEvaluationEnvironment.failingStep = .max }
            let configuration = try configuration("async-q", ["log_interval=100"])
            #expect { _ = try run(configuration, delay: .milliseconds(50), in: directory) } throws: {
                "\($0)".contains("failed at agent step 130") && "\($0)".contains("The state is saved in")
            }
            let entries = try CheckpointStore(directory: directory.checkpoints).entries()
            #expect(entries.map(\.agentSteps) == [0, 70, 100, 130])
            let evaluated = try Checkpoint(contentsOf: entries[2].url)
            #expect(evaluated.evaluation?.agentSteps == 100 && evaluated.counters.evaluations == 1)
        }
    }
}
