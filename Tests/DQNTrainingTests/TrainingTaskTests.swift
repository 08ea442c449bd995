import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Logging
import Testing

/// Runs on their own threads: progress, the result, and cancellation.
@Suite struct TrainingTaskTests {
    private func configuration(steps: Int) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.method = "async-nstep-q"
        request.steps = steps
        request.assignments = [
            "network=mlp:8", "log_interval=500", "evaluation_interval=1000", "evaluation_episodes=1",
            "evaluation_max_steps=20",
        ]
        return try request.resolve()
    }

    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    /// Starts a run of the given number of steps in a new directory.
    private func start(steps: Int, of total: Int, in directory: RunDirectory) throws -> TrainingTask {
        let (configuration, logger) = (try configuration(steps: total), silent)
        return TrainingTask {
            try TrainingRun(
                configuration, options: .init(steps: steps, saveEvery: 0, keep: 2), in: directory, logger: logger)
        }
    }

    private func withRunDirectory(_ body: (RunDirectory) async throws -> Void) async throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-run-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try await body(RunDirectory(url))
    }

    @Test func completesAndYieldsProgress() async throws {
        try await withRunDirectory { directory in
            let training = try start(steps: 3_000, of: 3_000, in: directory)
            var steps: [Int] = []
            var last: TrainingRun.Progress?
            for await progress in training.progress {
                steps.append(progress.agentSteps)
                last = progress
            }
            #expect(steps == steps.sorted())
            let progress = try #require(last)
            #expect(progress.agentSteps == 3_000 && progress.totalSteps == 3_000)
            #expect(progress.stepsPerSecond > 0)
            #expect(progress.meanReturn > 0)
            #expect(progress.epsilon != nil)
            #expect(progress.lastEvaluation?.agentSteps == 3_000)

            let summary = try await training.value
            #expect(summary.outcome == .completed)
            #expect(summary.counters.agentSteps == 3_000)
            #expect(summary.counters.evaluations == 3)
            #expect(summary.bestEvaluation != nil)
            #expect(summary.lastCheckpoint == progress.lastCheckpoint)
            let file = try #require(summary.lastCheckpoint)
            #expect(try Checkpoint(contentsOf: file).counters.agentSteps == 3_000)
        }
    }

    /// The cancelled and resumed run ends in the same state as a run that was never interrupted, wherever it was cut.
    @Test func cancellationSavesAndTheRunResumesExactly() async throws {
        // Far more steps than a test takes, so that the run is under way when it is cancelled.
        let schedule = 10_000_000
        var end = 0
        var resumedState: Checkpoint?
        try await withRunDirectory { directory in
            let training = try start(steps: schedule, of: schedule, in: directory)
            let waiting = Task { try await training.value }
            for await progress in training.progress where progress.agentSteps > 0 {
                waiting.cancel()
                break
            }
            let interrupted = try await waiting.value
            #expect(interrupted.outcome == .interrupted)
            #expect((1..<schedule).contains(interrupted.counters.agentSteps))
            #expect(try lastState(interrupted).counters == interrupted.counters)

            end = interrupted.counters.agentSteps + 1_234
            let (total, logger) = (end, silent)
            let resumed = try await TrainingTask {
                try TrainingRun(resuming: directory, steps: total, logger: logger)
            }.value
            #expect(resumed.outcome == .completed)
            resumedState = try lastState(resumed)
        }
        try await withRunDirectory { directory in
            let whole = try lastState(try await start(steps: end, of: schedule, in: directory).value)
            let resumed = try #require(resumedState)
            #expect(whole.counters.agentSteps == end)
            #expect(whole.online == resumed.online)
            #expect(whole.counters == resumed.counters)
            #expect(whole.workers.map(\.generators) == resumed.workers.map(\.generators))
        }
    }

    private func lastState(_ summary: TrainingRun.Summary) throws -> Checkpoint {
        try Checkpoint(contentsOf: try #require(summary.lastCheckpoint))
    }

    @Test func cancellationBeforeTheStartLeavesACheckpoint() async throws {
        try await withRunDirectory { directory in
            let training = try start(steps: 2_000_000, of: 2_000_000, in: directory)
            training.cancel()
            let summary = try await training.value
            #expect(summary.outcome == .interrupted)
            #expect(summary.lastCheckpoint != nil)
        }
    }

    @Test func anErrorOfTheRunEndsTheProgressAndIsThrown() async throws {
        try await withRunDirectory { directory in
            _ = try await start(steps: 100, of: 100, in: directory).value
            let second = try start(steps: 100, of: 100, in: directory)
            for await _ in second.progress { Issue.record("a run that cannot start makes no progress") }
            await #expect {
                try await second.value
            } throws: {
                ($0 as? TrainingError)?.code == .outputDirectory
            }
        }
    }

    /// Errors of other modules keep their message and stay available as the cause.
    @Test func errorsOfOtherModulesAreWrapped() throws {
        var request = ConfigurationRequest()
        request.environment = "CartPoel-v1"
        let error = #expect(throws: TrainingError.self) { try request.resolve() }
        #expect(error?.code == .underlyingFailure)
        #expect(error.map { "\($0)" } == error?.underlying.map { "\($0)" })
        #expect(error?.message.contains("did you mean 'CartPole-v1'?") == true)
    }
}
