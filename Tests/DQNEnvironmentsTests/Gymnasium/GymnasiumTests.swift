import DQNEnvironments
import DQNGraphics
import DQNModel
import Foundation
import Testing

/// Gymnasium's environments behave here as in Python.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumTests {
    @Test("Reproduces a recorded episode bit for bit", arguments: TrajectoryTests.environments)
    func recordings(id: String) throws {
        let recording = try Fixtures.trajectories(id)
        let environment = try Gymnasium.make(id)
        #expect(environment.specification.maximumEpisodeSteps == recording.maximumEpisodeSteps)
        #expect(environment.specification.rewardThreshold == recording.rewardThreshold)
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        for episode in recording.episodes {
            let observations = rows(of: numbers(episode.observations, as: Float.self), width: recording.observationSize)
            let rewards = numbers(episode.rewards, as: Double.self)
            try environment.reset(seed: episode.seed)
            environment.observe(into: &observation)
            #expect(observation.floats == observations[0])
            for (step, digit) in episode.actions.enumerated() {
                let outcome = try environment.step(try #require(digit.wholeNumberValue))
                environment.observe(into: &observation)
                try #require(observation.floats == observations[step + 1], "\(episode.policy), step \(step)")
                try #require(outcome.reward == rewards[step])
                let isLast = step == episode.steps - 1
                try #require(outcome.terminated == (isLast && episode.terminated))
                try #require(outcome.truncated == (isLast && episode.truncated))
            }
        }
    }

    @Test("CartPole agrees with the built-in one step by step, including both ends of episodes")
    func builtIn() throws {
        let gymnasium = try Gymnasium.make("CartPole-v1")
        var theirs = Observation(zerosOf: gymnasium.specification.observationSpace)
        var ours = theirs
        for seed in UInt64(0)..<20 {
            try gymnasium.reset(seed: seed)
            let values = try #require(try gymnasium.snapshot()).values.values
            let states = values.compactMap { if case .float64(let array) = $0 { array } else { nil } }
            let state = try #require(states.first { $0.count == 4 })
            var builtIn = try placed("CartPole-v1", in: state, elapsed: 0)
            var generator = RandomGenerator(seed: seed, stream: "test")
            var ended = false
            var steps = 0
            while !ended {
                // Half of the episodes reach the limit.
                let leans = ours.floats[2] + ours.floats[3] > 0
                let action = seed % 2 == 0 ? generator.integer(below: 2) : leans ? 1 : 0
                let outcome = try gymnasium.step(action)
                #expect(try builtIn.step(action) == outcome)
                gymnasium.observe(into: &theirs)
                builtIn.observe(into: &ours)
                try #require(largestDifference(ours.floats, theirs.floats) <= 1e-6, "seed \(seed), step \(steps)")
                ended = outcome.ended
                steps += 1
            }
            #expect(seed % 2 == 0 || steps == 500)
        }
    }

    @Test("Frames have their channels first")
    func frames() throws {
        let environment = try Gymnasium.testing("Frames")
        #expect(environment.specification.observationSpace == ObservationSpace(shape: [3, 7, 5], element: .uint8))
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        try environment.reset(seed: 1)
        _ = try environment.step(1)
        environment.observe(into: &observation)
        var expected: [UInt8] = []
        for channel in 0..<3 {
            for row in 0..<7 {
                for column in 0..<5 { expected.append(UInt8(row * 20 + column * 4 + channel)) }
            }
        }
        #expect(observation.bytes == expected)
    }

    @Test("Doubles become floats; actions start at the first of the space")
    func doubles() throws {
        let environment = try Gymnasium.testing("Doubles")
        #expect(environment.specification.observationSpace == ObservationSpace(shape: [2, 3], element: .float32))
        try environment.reset(seed: 1)
        #expect(try environment.step(1).reward == 5)
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        environment.observe(into: &observation)
        #expect(observation.floats == [Float](repeating: 0.625, count: 6))
    }

    @Test("Options of the id are arguments of the environment; setting one replaces it")
    func options() throws {
        let id = try EnvironmentID("gym:CartPole-v1?max_episode_steps=3")
            .setting(["max_episode_steps=2", "sutton_barto_reward=true"])
        #expect(id.description == "gym:CartPole-v1?max_episode_steps=2,sutton_barto_reward=true")
        var environment = try EnvironmentRegistry.make(id)
        #expect(environment.specification.id == id.description)
        #expect(environment.specification.maximumEpisodeSteps == 2)
        try environment.reset(seed: 1)
        #expect(try environment.step(0).reward == 0)
        #expect(try environment.step(1).truncated)
        let label = try EnvironmentID("gym:dqn_test_environments:Still-v0").setting(["label=100%, all = fine"])
            .description
        #expect(label.hasSuffix("?label=100%25%2C all = fine"))
        #expect(
            try Gymnasium.make(String(label.dropFirst(4))).specification.provenance["specification"]?
                .contains("'label': '100%, all = fine'") == true)
        #expect {
            try EnvironmentID("CartPole-v1").setting(["a=1"])
        } throws: {
            ($0 as? EnvironmentError)?.code == .invalidOptions
        }
    }

    @Test("Atari has the observations of its emulator", .enabled(if: Gymnasium.hasALE, "\(Gymnasium.reason)"))
    func atari() throws {
        let specification = try Gymnasium.make("ALE/Pong-v5").specification
        #expect(specification.observationSpace == ObservationSpace(shape: [3, 210, 160], element: .uint8))
        #expect(specification.framesPerStep == 4)
        #expect(specification.actionMeanings == ["noop", "fire", "right", "left", "rightfire", "leftfire"])
        #expect(specification.provenance["package"]?.hasPrefix("ale-py ") == true)
        let grey = try Gymnasium.make("ALE/Pong-v5?obs_type=grayscale,frameskip=1").specification
        #expect(grey.observationSpace == ObservationSpace(shape: [210, 160], element: .uint8))
        #expect(grey.framesPerStep == 1)
    }

    @Test("Refuses steps outside an episode and actions out of range")
    func turns() throws {
        let environment = try Gymnasium.make("CartPole-v1")
        func code(_ body: () throws -> Void) -> EnvironmentError.Code? {
            do { try body() } catch { return (error as? EnvironmentError)?.code }
            return nil
        }
        #expect(code { _ = try environment.step(0) } == .resetNeeded)
        try environment.reset(seed: nil)
        #expect(code { _ = try environment.step(2) } == .invalidAction)
        #expect(code { _ = try environment.step(-1) } == .invalidAction)
        while try !environment.step(0).ended {}
        #expect(code { _ = try environment.step(0) } == .resetNeeded)
    }

    @Test("Draws an environment without text of its own", arguments: ["Still", "Frames", "LargeFrames"])
    func rendering(name: String) throws {
        let environment = try Gymnasium.testing(name)
        try environment.reset(seed: 1)
        _ = try environment.step(1)
        let lines = environment.renderANSI(columns: 60, rows: 31).replacing(#/\u{1B}\[[\d;]*m/#, with: "").split(
            separator: "\n")
        #expect(lines.last?.count == 60 && lines.last?.hasPrefix("step 1") == true)
        #expect(lines.count > 3 && Set(lines.dropLast().map(\.count)).count == 1 && lines.allSatisfy { $0.count <= 60 })
    }

    @Test("Drawing an environment's own picture does not change its behaviour")
    func ownPicture() throws {
        let (environment, other) = (try Gymnasium.testing("Drawn"), try Gymnasium.testing("Drawn"))
        #expect(try environment.picture() == nil, "there is no picture before the first reset")
        try environment.reset(seed: 1)
        try other.reset(seed: 1)
        for _ in 0..<3 {
            let picture = try #require(try environment.picture())
            #expect(picture.width == 6 && picture.height == 4)
            let outcome = try environment.step(1)
            // Its rewards show whether a render mode is set during a step.
            #expect(try outcome == other.step(1) && outcome.reward == 0.5)
        }
        let picture = try #require(try environment.picture())
        #expect(picture[0, 0] == PictureColor(red: 3, green: 0, blue: 0))
        #expect(picture[5, 2] == PictureColor(red: 3, green: 5, blue: 2))
        #expect(environment.stepsPerSecond == 12 && environment.renderANSI(columns: 6, rows: 2).contains("▀"))
        #expect(try environment.snapshot() == other.snapshot())
    }

    @Test("An environment that fails to draw shows its frame, or the reason")
    func pictureFailures() throws {
        let frames = try Gymnasium.testing("UndrawnFrames")
        try frames.reset(seed: 1)
        #expect(try frames.picture()?.width == 5)
        let vector = try Gymnasium.testing("Undrawn")
        try vector.reset(seed: 1)
        #expect { try vector.picture() } throws: {
            ($0 as? EnvironmentError)?.code == .environmentFailed && "\($0)".contains("the paint has dried")
        }
        #expect(vector.renderANSI(columns: 60, rows: 9).contains("+0.0000"))
        let still = try Gymnasium.testing("Still")
        try still.reset(seed: 1)
        #expect(try still.picture() == nil && still.stepsPerSecond == 15)
    }
}
