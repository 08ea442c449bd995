import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Logging
import Testing

/// Whole runs of several workers with evaluations and saves. They use every path that threads share, also under the
/// thread sanitizer (`Scripts/test-threads`).
@Suite(.serialized) struct SeveralWorkersTests {
    /// Agent steps of each worker.
    private static let steps = 150

    struct Case: Sendable, CustomTestStringConvertible {
        var method: String
        var workers: Int
        var environment = "CartPole-v1"
        var settings: [String] = []
        var testDescription: String { ([method, "\(workers) workers", environment] + settings).joined(separator: " ") }
    }

    private static let replay = ["replay_capacity=100", "learning_starts=20", "batch_size=4", "target_interval=7"]

    static let cases: [Case] = [
        Case(method: "dqn", workers: 1, settings: replay),
        Case(method: "async-dqn", workers: 2, settings: replay),
        Case(method: "async-dqn", workers: 4, settings: replay + ["target_rate=1", "double=false"]),
        Case(
            method: "async-dqn", workers: 3,
            settings: replay + [
                "prioritized=true", "n_step=3", "dueling=true", "refresh_interval=4", "shared_statistics=false",
                "optimizer=rmsprop",
            ]),
        Case(method: "async-dqn", workers: 2, environment: "Catch-v0", settings: replay),
        Case(method: "async-q", workers: 2, settings: ["target_interval=7"]),
        Case(
            method: "async-q", workers: 4,
            settings: ["target_interval=7", "epsilon_assignment=drawn", "epsilon_resample_interval=10"]),
        Case(method: "async-sarsa", workers: 2, settings: ["target_interval=7"]),
        Case(method: "async-sarsa", workers: 4, settings: ["target_interval=7", "optimizer=adam"]),
        Case(method: "async-nstep-q", workers: 2, settings: ["target_interval=7"]),
        Case(method: "async-nstep-q", workers: 4, settings: ["shared_statistics=false"]),
        Case(method: "async-nstep-q", workers: 3, environment: "Catch-v0"),
        Case(method: "a3c", workers: 2),
        Case(method: "a3c", workers: 4, settings: ["optimizer=adam"]),
        Case(method: "a3c", workers: 3, environment: "Catch-v0", settings: ["rmsprop_centred=true"]),
    ]

    private func configuration(_ run: Case, workerSteps: Int) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = run.environment
        request.method = run.method
        request.steps = Self.steps * run.workers
        request.assignments =
            [
                "workers=\(run.workers)", "worker_steps=\(workerSteps)", "log_interval=40", "evaluation_interval=100",
                "evaluation_episodes=1", "evaluation_max_steps=50",
            ] + (run.environment == "CartPole-v1" ? ["network=mlp:16,16"] : []) + run.settings
        let configuration = try request.resolve()
        // Runs with an optimiser that the preset does not have once trained with constants of 0.
        if run.settings.contains("optimizer=adam") { #expect(configuration.optimizer == .adam()) }
        if run.settings.contains("optimizer=rmsprop") { #expect(configuration.optimizer == .rmsprop()) }
        return configuration
    }

    private func run(_ run: Case, workerSteps: Int, in directory: RunDirectory) throws -> TrainingRun {
        let configuration = try configuration(run, workerSteps: workerSteps)
        let options = TrainingRun.Options(steps: Self.steps * run.workers, saveEvery: 60, keep: 100)
        let training = try TrainingRun(
            configuration, options: options, in: directory,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(try training.run() == .completed)
        return training
    }

    private func isFinite(_ checkpoint: Checkpoint) -> Bool {
        let vectors =
            [checkpoint.online, checkpoint.target ?? []] + (checkpoint.optimizer.map { Array($0.slots.values) } ?? [])
        return vectors.allSatisfy { $0.allSatisfy(\.isFinite) }
    }

    /// No worker may take more than its share of the steps, so at the end each has taken exactly that.
    @Test(arguments: cases) func everyWorkerTakesItsShareAndEverySaveIsConsistent(run: Case) throws {
        try withRunDirectory { directory in
            let training = try self.run(run, workerSteps: Self.steps, in: directory)
            let total = Self.steps * run.workers
            let store = try CheckpointStore(directory: directory.checkpoints)
            let entries = try store.entries()
            let dueSaves = Set(stride(from: 0, through: total, by: 60)).union([total])
            #expect(Set(entries.map(\.agentSteps)).isSuperset(of: dueSaves))

            var parameters: [[Float]] = []
            for entry in entries {
                let checkpoint = try Checkpoint(contentsOf: entry.url)
                #expect(checkpoint.counters.agentSteps == entry.agentSteps)
                #expect(checkpoint.workers.map(\.agentSteps).reduce(0, +) == entry.agentSteps)
                #expect(checkpoint.workers.count == run.workers)
                #expect(isFinite(checkpoint))
                parameters.append(checkpoint.online)
                for worker in checkpoint.workers where worker.status != .finished {
                    #expect(worker.agentSteps < Self.steps || entry.agentSteps == 0)
                    #expect(worker.observation != nil)
                    #expect((worker.replay != nil) == run.method.hasSuffix("dqn"))
                }
            }
            let last = try Checkpoint(contentsOf: try #require(entries.last).url)
            #expect(last.workers.allSatisfy { $0.agentSteps == Self.steps && $0.status == .finished })
            #expect(last.counters.evaluations == (100...total).count(where: { $0 % 100 == 0 || $0 == total }))
            #expect(
                last.counters.gradientUpdates == last.optimizer?.stepCount || run.settings.contains(Self.ownAverages))
            #expect(last.counters.gradientUpdates > 0)
            #expect(parameters.first != parameters.last)
            #expect(training.trainer.allWorkersFinished)
        }
    }

    private static let ownAverages = "shared_statistics=false"

    /// Workers that have not finished when their run ends all continue from its checkpoint.
    @Test(arguments: cases) func allWorkersContinueFromTheCheckpoint(run: Case) throws {
        try withRunDirectory { directory in
            let training = try self.run(run, workerSteps: 0, in: directory)
            let total = Self.steps * run.workers
            let checkpoint = try Checkpoint(contentsOf: try #require(training.lastCheckpoint))
            #expect(checkpoint.counters.agentSteps == total)
            #expect(checkpoint.workers.allSatisfy { $0.status == .running })

            let resumed = try Trainer(resuming: checkpoint)
            #expect(resumed.notices == [])
            while resumed.counters.agentSteps < total + 50 { try resumed.advance(to: total + 50) }
            let later = try resumed.checkpoint()
            #expect(later.counters.agentSteps == total + 50)
            for (before, after) in zip(checkpoint.workers, later.workers) {
                #expect(after.agentSteps >= before.agentSteps)
            }
            #expect(later.workers.map(\.agentSteps).reduce(0, +) == total + 50)
            #expect(isFinite(later))
        }
    }
}
