import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNTraining
import Testing

/// Rewards that learners cannot hold are named with the environment, the action and the remedy.
@Suite struct RewardTests {
    private func configuration(_ reward: Double, _ method: String, _ wrappers: [String]) throws -> TrainingConfiguration
    {
        let id = "Paying-\(String(reward.bitPattern, radix: 16))-v0"
        try? EnvironmentRegistry.register(id) { PayingEnvironment(reward: reward) }
        var configuration = TrainingConfiguration()
        configuration.environment = id
        configuration.method = method
        configuration.network = "mlp:4"
        configuration.evaluationInterval = 0
        configuration.segmentLength = 4
        configuration.wrappers = wrappers
        return configuration
    }

    @Test(arguments: [1e40, -1e39, .nan, .infinity], ["dqn", "async-q", "a3c", "pqn"])
    func namesARewardThatFloat32CannotHold(reward: Double, method: String) throws {
        let trainer = try Trainer(configuration(reward, method, []))
        do {
            try trainer.advance(to: 20)
            Issue.record("the run continued")
        } catch {
            #expect(error.message.contains("paid a reward of \(reward) for action "), "\(error)")
            #expect(error.message.contains(reward.isFinite ? "float32 cannot hold" : "must be finite"), "\(error)")
            #expect(!error.message.contains("\n"))
        }
        #expect(try trainer.checkpoint().workers[0].status == .abandoned)
    }

    @Test(arguments: ["reward-clip", "reward-scale:1e-10"])
    func aWrapperMayMakeItSmallEnough(wrapper: String) throws {
        let trainer = try Trainer(configuration(1e40, "dqn", [wrapper]))
        try trainer.advance(to: 20)
        #expect(trainer.counters.agentSteps == 20)
    }

    @Test func evaluationsAndPlayersNameARewardThatIsNoNumber() throws {
        var player = EpisodePlayer(environment: PayingEnvironment(reward: .nan), frameStack: 1)
        var generator = RandomGenerator(seed: 0, stream: "play")
        #expect(throws: EnvironmentError.self) {
            _ = try player.play(seed: 0, maximumSteps: 5, epsilon: 1, generator: &generator) { _ in 0 }
        }
    }
}

/// Pays the same reward in every step of episodes of five steps.
private struct PayingEnvironment: Environment {
    let reward: Double
    private var length = 0

    init(reward: Double) { self.reward = reward }

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: "Paying-\(String(reward.bitPattern, radix: 16))-v0",
            observationSpace: ObservationSpace(shape: [2], element: .float32),
            actionMeanings: ["left", "right"])
    }

    mutating func reset(seed: UInt64?) { length = 0 }

    mutating func step(_ action: Int) -> StepOutcome {
        length += 1
        return StepOutcome(reward: reward, terminated: length == 5, truncated: false)
    }

    func observe(into observation: inout Observation) {
        observation.withMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
    }

    func snapshot() -> StateSnapshot? { nil }

    mutating func restore(_ snapshot: StateSnapshot) throws {}
}
