import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNTraining
import Testing

/// What happens when a run creates its environments.
@Suite(.serialized) struct EnvironmentStartTests {
    init() { SlowStartEnvironment.registration }

    private func configuration() -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.environment = SlowStartEnvironment.id
        configuration.network = "mlp:4"
        configuration.evaluationInterval = 20
        configuration.evaluationEpisodes = 2
        configuration.evaluationEnvironments = 2
        return configuration
    }

    @Test("An evaluation that creates an environment is not stuck")
    func slowStart() throws {
        let trainer = try Trainer(configuration(), options: .init(workerTimeout: .seconds(1)))
        SlowStartEnvironment.setDelay(milliseconds: 2500)
        defer { SlowStartEnvironment.setDelay(milliseconds: 0) }
        while trainer.counters.agentSteps < 40 { try trainer.advance(to: 40) }
        #expect(trainer.bestEvaluation?.meanReturn == 5)
    }

    @Test("A worker that creates its environment slowly is not stuck, and one that never ends is")
    func slowWorkerStart() throws {
        SlowStartEnvironment.setDelay(milliseconds: 900)
        defer { SlowStartEnvironment.setDelay(milliseconds: 0) }
        var configuration = configuration()
        configuration.evaluationInterval = 0
        configuration.method = "async-q"
        configuration.workers = 2
        var options = Trainer.Options(workerTimeout: .seconds(0.4))
        #expect(try Trainer(configuration, options: options).counters.agentSteps == 0)
        options.gymnasium.startTimeout = .seconds(0.1)
        let error = #expect(throws: TrainingError.self) { try Trainer(configuration, options: options) }
        #expect(error?.message.contains("Worker 0 is stuck") == true, "\(String(describing: error))")
    }

    @Test("Notices whose remedies a resume refuses are those of new runs")
    func notices() throws {
        let trainer = try Trainer(configuration())
        #expect(trainer.notices.contains { $0.contains("observation-scale:0.001") }, "\(trainer.notices)")
        let resumed = try Trainer(resuming: trainer.checkpoint())
        #expect(!resumed.notices.contains { $0.contains("observation-scale") }, "\(resumed.notices)")
    }
}
