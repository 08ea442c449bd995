import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNTraining
import Foundation
import Testing

private let hasPython = (try? GymnasiumSettings().locatePython()) != nil

/// Environments in processes, which a worker steps at the same time.
@Suite(.enabled(if: hasPython, "Scripts/setup-gymnasium installs Gymnasium"))
struct EnvironmentProcessTests {
    private func train(processors: Int, cut: Int?) throws -> Checkpoint {
        var configuration = TrainingConfiguration()
        configuration.environment = "gym:CartPole-v1"
        configuration.method = "async-nstep-q"
        configuration.network = "mlp:8"
        configuration.environmentsPerWorker = 3
        configuration.scheduleSteps = 400
        configuration.evaluationInterval = 0
        configuration.wrappers = ["action-repeat:2", "time-limit:40"]
        var options = Trainer.Options()
        options.processors = processors
        var trainer = try Trainer(configuration, options: options)
        if let cut {
            try trainer.advance(to: cut)
            trainer = try Trainer(resuming: trainer.checkpoint(), options: options)
        }
        while trainer.counters.agentSteps < 400 { try trainer.advance(to: 400) }
        return try trainer.checkpoint()
    }

    @Test("A thread for each, and one thread that begins all steps before it waits, give the same run")
    func sameRun() throws {
        let threads = try train(processors: 64, cut: nil)
        let prepared = try train(processors: 1, cut: 100)
        #expect(prepared.online == threads.online && prepared.counters == threads.counters)
        #expect(threads.counters.episodes > 10)
        let (state, expected) = (prepared.workers[0], threads.workers[0])
        #expect(state.environment == expected.environment && state.generators == expected.generators)
        #expect(state.recentReturns == expected.recentReturns)
        #expect(state.additionalEnvironments.map(\.environment) == expected.additionalEnvironments.map(\.environment))
    }
}
