import DQNCheckpoint
import DQNLearning
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

    @Test("Notices whose remedies a resume refuses are those of new runs")
    func notices() throws {
        let trainer = try Trainer(configuration())
        #expect(trainer.notices.contains { $0.contains("observation-scale:0.001") }, "\(trainer.notices)")
        let resumed = try Trainer(resuming: trainer.checkpoint())
        #expect(!resumed.notices.contains { $0.contains("observation-scale") }, "\(resumed.notices)")
    }
}
