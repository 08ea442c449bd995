import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// What wrappers make of rewards, and how games are started.
@Suite struct RewardWrapperTests {
    /// A recording of Gymnasium's `NormalizeReward`, by `Fixtures/scripts/record_wrappers.py`.
    private struct Recording: Decodable {
        let gamma: Double
        let rewards: [Double]
        let terminated: [Bool]
        let truncated: [Bool]
        let normalized: [Double]
    }

    /// Pays the rewards of a recording.
    private struct Scripted: Environment {
        let recording: Recording
        var index = 0
        var specification: EnvironmentSpecification { ClockworkGame().specification }
        func reset(seed: UInt64?) {}
        mutating func step(_ action: Int) -> StepOutcome {
            defer { index += 1 }
            return StepOutcome(
                reward: recording.rewards[index], terminated: recording.terminated[index],
                truncated: recording.truncated[index])
        }
        func observe(into observation: inout Observation) {}
        func snapshot() -> StateSnapshot? { nil }
        func restore(_ snapshot: StateSnapshot) {}
    }

    @Test("Normalised rewards are those of Gymnasium, bit for bit")
    func normalize() throws {
        let recordings = try JSONDecoder().decode(
            [Recording].self, from: Fixtures.data("trajectories/reward-normalize.json"))
        #expect(recordings.map(\.gamma) == [0.99, 0.9])
        for recording in recordings {
            var environment = RewardNormalize(Scripted(recording: recording), discount: recording.gamma)
            try environment.reset(seed: 1)
            let outcomes = try recording.rewards.map { _ in try environment.step(0) }
            #expect(outcomes.map(\.reward) == recording.normalized)
            #expect(outcomes.map(\.rawReward) == recording.rewards)
        }
    }

    @Test("A scaled reward is a multiple; the raw reward stays")
    func scale() throws {
        var environment = RewardScale(ClockworkGame(), factor: -0.5)
        try environment.reset(seed: 1)
        let outcomes = try [0, 1, 2].map { try environment.step($0) }
        #expect(outcomes.map(\.reward) == [0, -2.5, 1.5])
        #expect(outcomes.map(\.rawReward) == [0, 5, -3])
    }

    @Test("Play and evaluation get the environment's own rewards")
    func playing() throws {
        let list = try WrapperList(parsing: "reward-scale:10 reward-normalize")
        var (training, playing) = (
            try list.wrap(ClockworkGame(), for: .training), try list.wrap(ClockworkGame(), for: .playing)
        )
        try training.reset(seed: 1)
        try playing.reset(seed: 1)
        #expect(try training.step(1).reward != 5)
        #expect(try playing.step(1).reward == 5)
    }

    @Test("Refuses stored statistics that cannot be")
    func invalidStatistics() throws {
        var environment = RewardNormalize(ClockworkGame())
        try environment.reset(seed: 1)
        let sound = try #require(try environment.snapshot())
        for values in [[0, -1, 1, 0], [0, 1, 0, 0], [.nan, 1, 1, 0], [0, 1, 1]] {
            var snapshot = sound
            snapshot.values["statistics"] = .float64(values)
            #expect(throws: ModelError.self) { try environment.restore(snapshot) }
        }
        #expect(try environment.snapshot() == sound)
    }

    /// The actions of the game since its reset.
    private func actions(_ environment: any Environment) throws -> [Int] {
        var inner = environment
        while let wrapper = inner as? any EnvironmentWrapper { inner = wrapper.inner }
        return try #require(inner as? ClockworkGame).actions
    }

    @Test("A reset takes FIRE and action 2, in training after each lost life too")
    func fire() throws {
        let list = try WrapperList(parsing: "episodic-life fire-on-reset")
        var environment = try list.wrap(ClockworkGame(), for: .training)
        try environment.reset(seed: 1)
        #expect(try actions(environment) == [1, 2])
        // Frame 7 loses a life.
        for _ in 3..<7 { #expect(try !environment.step(0).ended) }
        let lost = try environment.step(0)
        #expect(lost.terminated && lost.endsForLearningOnly && lost.reward == 0)
        #expect(try actions(environment) == [1, 2, 0, 0, 0, 0, 0])
        try environment.reset(seed: nil)
        #expect(try actions(environment) == [1, 2, 0, 0, 0, 0, 0, 1, 2])
    }

    @Test("In play the step that loses a life serves again, and counts the rewards")
    func fireInPlay() throws {
        let list = try WrapperList(parsing: "episodic-life fire-on-reset reward-clip")
        var environment = try list.wrap(ClockworkGame(), for: .playing)
        try environment.reset(seed: 1)
        for _ in 3..<7 { #expect(try environment.step(0).reward == 0) }
        let lost = try environment.step(2)
        // Action 2 pays −3, FIRE 5, and action 2 once more −3.
        #expect(lost == StepOutcome(reward: -1, terminated: false, truncated: false))
        #expect(try actions(environment) == [1, 2, 0, 0, 0, 0, 2, 1, 2])
        for _ in 10..<14 { _ = try environment.step(0) }
        #expect(try environment.step(0).reward == 2)
        for _ in 17..<21 { #expect(try !environment.step(0).ended) }
        // The last life ends the game: there is nothing to serve.
        let over = try environment.step(0)
        #expect(over.isGameOver && over.reward == 0)
        #expect(try actions(environment).count == 21)
    }

    @Test("A game that ends while it starts begins again")
    func fireAtTheEnd() throws {
        var environment = try FireOnReset(ClockworkGame(framesPerLife: 2, lifeCount: nil))
        try environment.reset(seed: 1)
        #expect(try #require(environment.inner as? ClockworkGame).resets == 2)
        #expect(try !environment.step(0).ended)
    }
}
