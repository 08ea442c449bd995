import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Logging
import Testing

/// The probe batch and what a run warns about.
@Suite(.serialized) struct RunHealthTests {
    private func configuration(
        _ environment: String, _ settings: [String], method: String = "dqn", steps: Int
    ) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = environment
        request.method = method
        request.steps = steps
        request.assignments = settings
        return try request.resolve()
    }

    /// Trains to the end of the schedule and returns the trainer and everything that it warned about.
    private func train(_ trainer: Trainer) throws -> [String] {
        var warnings: [String] = []
        while trainer.counters.agentSteps < trainer.configuration.scheduleSteps {
            warnings += try trainer.advance(to: trainer.configuration.scheduleSteps).warnings
        }
        return warnings
    }

    /// A learning rate of 0.5 kills Catch84's network: the second evaluation says so, a resume does not repeat it.
    @Test func aRunSetUpToDieSaysSoOnce() throws {
        let settings = [
            "learning_rate=0.5", "replay_capacity=500", "learning_starts=100", "evaluation_interval=200",
            "evaluation_episodes=5", "log_interval=200",
        ]
        let trainer = try Trainer(configuration("Catch84-v0", settings, steps: 400))
        let warnings = try train(trainer)
        #expect(warnings.contains { $0.contains("most units of a layer are zero") && $0.contains("step 400:") })
        #expect(warnings.contains { $0.contains("learning_rate") })
        #expect(Set(warnings.map { $0.drop { $0 != ":" } }).count == warnings.count)

        let checkpoint = try trainer.checkpoint()
        let group = try #require(checkpoint.extensions.first { $0.owner == "org.swift-dqn.warnings" })
        #expect(!group.mustUnderstand)
        #expect(group.state.values.count == warnings.count)
        let dead = trainer.history.columns.filter { $0.key.hasPrefix("train/dead_units/") }
        #expect(dead.keys.sorted().first == "train/dead_units/layers/0")
        #expect(dead.values.contains { ($0.last ?? 0) > 0.5 })

        let resumed = try Trainer(resuming: checkpoint)
        var later: [String] = []
        while resumed.counters.agentSteps < 600 { later += try resumed.advance(to: 600).warnings }
        #expect(!later.contains { $0.contains("most units of a layer are zero") })
        #expect(try resumed.checkpoint().extensions.contains { $0.owner == "org.swift-dqn.warnings" })
    }

    @Test(arguments: [("dqn", "CartPole-v1", 3_000), ("a3c", "CartPole-v1", 6_000), ("dqn", "Catch-v0", 2_000)])
    func aHealthyRunSaysNothing(method: String, environment: String, steps: Int) throws {
        let interval = steps / 3
        let trainer = try Trainer(
            configuration(
                environment, ["evaluation_interval=\(interval)", "evaluation_episodes=3", "evaluation_max_steps=200"],
                method: method, steps: steps))
        #expect(try train(trainer) == [])
        let columns = trainer.history.columns
        let spread = method == "a3c" ? "train/value_std" : "train/q_std"
        #expect((columns[spread]?.last ?? 0) > 0)
        #expect((columns["train/entropy_per_step"]?.last ?? -1 > 0) == (method == "a3c"))
        #expect(columns.contains { $0.key.hasPrefix("train/dead_units/") })
        #expect(try trainer.checkpoint().extensions == [])
    }

    /// Without a probe batch everything is as before there was one.
    @Test func aRunWithoutProbeHasNoFurtherColumns() throws {
        let trainer = try Trainer(
            configuration(
                "CartPole-v1", ["probe_observations=0", "evaluation_interval=100", "evaluation_episodes=1"], steps: 200)
        )
        _ = try train(trainer)
        #expect(trainer.history.columns.keys.contains("eval/mean_reward"))
        #expect(!trainer.history.columns.keys.contains { $0.hasPrefix("train/dead") || $0.hasPrefix("train/q_") })
        #expect(TrainingConfiguration().evaluationEnvironments == 1 && TrainingConfiguration().probeObservations == 0)
    }

    /// The probe batch changes nothing that is trained or evaluated.
    @Test func theProbeChangesNothingElse() throws {
        func checkpoint(_ observations: Int) throws -> Checkpoint {
            let trainer = try Trainer(
                configuration(
                    "CartPole-v1",
                    [
                        "probe_observations=\(observations)", "evaluation_interval=150", "evaluation_episodes=3",
                        "evaluation_epsilon=0.2", "learning_starts=50",
                    ], steps: 300))
            _ = try train(trainer)
            return try trainer.checkpoint()
        }
        let (with, without) = (try checkpoint(64), try checkpoint(0))
        #expect(with.online == without.online)
        #expect(with.workers.map(\.generators) == without.workers.map(\.generators))
        #expect(with.workers.map(\.observation) == without.workers.map(\.observation))
        #expect(with.bestEvaluation == without.bestEvaluation && with.counters == without.counters)
    }
}
