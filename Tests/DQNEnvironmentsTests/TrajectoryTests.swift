import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// Replays episodes recorded from Gymnasium.
@Suite struct TrajectoryTests {
    static let environments = ["CartPole-v1", "MountainCar-v0", "Acrobot-v1"]

    @Test("A whole episode from the same start with the same actions matches to 1e-6", arguments: environments)
    func wholeEpisodes(id: String) throws {
        let recording = try Fixtures.trajectories(id)
        #expect(recording.episodes.map(\.steps).reduce(0, +) > 700)
        for (index, episode) in recording.episodes.enumerated() {
            let states = rows(of: numbers(episode.states, as: Double.self), width: recording.stateSize)
            let observations = rows(of: numbers(episode.observations, as: Float.self), width: recording.observationSize)
            let rewards = numbers(episode.rewards, as: Double.self)
            let name = "\(id) episode \(index) (\(episode.policy))"
            var environment = try placed(id, in: states[0], elapsed: 0)
            var observation = Observation(zerosOf: environment.specification.observationSpace)
            environment.observe(into: &observation)
            #expect(largestDifference(observation.floats, observations[0]) <= 1e-6, "\(name) at its start")
            var worst: Float = 0
            for (step, digit) in episode.actions.enumerated() {
                let outcome = try environment.step(try #require(digit.wholeNumberValue))
                let isLast = step == episode.steps - 1
                environment.observe(into: &observation)
                worst = max(worst, largestDifference(observation.floats, observations[step + 1]))
                try #require(outcome.reward == rewards[step], "\(name), step \(step)")
                try #require(outcome.terminated == (isLast && episode.terminated), "\(name), step \(step)")
                try #require(outcome.truncated == (isLast && episode.truncated), "\(name), step \(step)")
            }
            #expect(worst <= 1e-6, "\(name)")
        }
    }

    // A whole episode may hide an error that cancels; a single step from a recorded state cannot.
    @Test("Every single step from a recorded state gives the next state to 1e-12", arguments: environments)
    func singleSteps(id: String) throws {
        let recording = try Fixtures.trajectories(id)
        for episode in recording.episodes {
            let states = rows(of: numbers(episode.states, as: Double.self), width: recording.stateSize)
            for (step, digit) in episode.actions.enumerated() {
                var environment = try placed(id, in: states[step], elapsed: step)
                _ = try environment.step(try #require(digit.wholeNumberValue))
                let reached = try #require(try environment.snapshot()).float64("state", count: recording.stateSize)
                for (ours, theirs) in zip(reached, states[step + 1]) {
                    try #require(abs(ours - theirs) <= 1e-12, "\(id) (\(episode.policy)), step \(step)")
                }
            }
        }
    }

    @Test("Limits and thresholds equal those of Gymnasium", arguments: environments)
    func specifications(id: String) throws {
        let recording = try Fixtures.trajectories(id)
        let specification = try EnvironmentRegistry.make(id).specification
        #expect(specification.id == recording.environment)
        #expect(specification.maximumEpisodeSteps == recording.maximumEpisodeSteps)
        #expect(specification.rewardThreshold == recording.rewardThreshold)
        #expect(
            specification.observationSpace == ObservationSpace(shape: [recording.observationSize], element: .float32))
        #expect(specification.actionCount == (id == "CartPole-v1" ? 2 : 3))
        #expect(specification.framesPerStep == 1)
        #expect(specification.defaultFrameStack == 1)
    }
}

/// An environment in a given state, `elapsed` steps into its episode.
func placed(_ id: String, in state: [Double], elapsed: Int) throws -> any Environment {
    var environment = try EnvironmentRegistry.make(id)
    try environment.reset(seed: 1)
    var snapshot = try #require(try environment.snapshot())
    snapshot.values["state"] = .float64(state)
    snapshot.values["elapsed_steps"] = .int64([Int64(elapsed)])
    try environment.restore(snapshot)
    return environment
}

func largestDifference(_ left: [Float], _ right: [Float]) -> Float {
    left.count == right.count ? zip(left, right).map { abs($0 - $1) }.max() ?? 0 : .infinity
}
