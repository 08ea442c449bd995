import DQNEnvironments
import DQNModel
import Testing

/// Gymnasium's spaces become lists of numbers, frames and numbered actions by documented rules.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumSpaceTests {
    @Test(
        "Observations other than boxes are flattened as Gymnasium flattens them",
        arguments: [
            ("Numbers", 5), ("Switchboard", 6), ("Dials", 11), ("Bag", 6 + 3 + 2 + 5 + 108), ("Sampler", 4),
            ("Scalar", 1),
        ])
    func flattening(name: String, count: Int) throws {
        let environment = try Gymnasium.testing(name)
        let space = environment.specification.observationSpace
        #expect(space == ObservationSpace(shape: [count], element: .float32))
        var observation = Observation(zerosOf: space)
        try environment.reset(seed: 3)
        var rewards: Set<Double> = []
        for _ in 0..<50 {
            // The reward is Gymnasium's own flattened observation, with a weight for each place.
            let reward = try environment.step(0).reward
            environment.observe(into: &observation)
            let sum = observation.floats.enumerated().reduce(0.0) { $0 + Double($1.offset + 1) * Double($1.element) }
            #expect(abs(sum - reward) < 1e-2)
            rewards.insert(reward)
        }
        #expect(rewards.count > 2)
    }

    @Test("An entry of a dictionary or tuple can be chosen, and keeps its own type and axes")
    func entries() throws {
        let picture = try Gymnasium.make("dqn_test_environments:Mission-v0?observation_key=picture")
        #expect(picture.specification.observationSpace == ObservationSpace(shape: [3, 7, 7], element: .uint8))
        #expect(picture.specification.observationBounds == 0...10)
        try picture.reset(seed: 1)
        _ = try picture.step(0)
        var observation = Observation(zerosOf: picture.specification.observationSpace)
        picture.observe(into: &observation)
        #expect(observation.bytes.contains { $0 > 5 } && observation.bytes.allSatisfy { $0 <= 10 })
        let card = try Gymnasium.make("Blackjack-v1?observation_key=1")
        #expect(card.specification.observationSpace == ObservationSpace(shape: [11], element: .float32))
    }

    @Test(
        "Gymnasium's own tabular environments are one-hot vectors",
        arguments: [("FrozenLake-v1", 16, 4), ("CliffWalking-v1", 48, 4), ("Taxi-v4", 500, 6), ("Blackjack-v1", 45, 2)])
    func tabular(name: String, count: Int, actions: Int) throws {
        let environment = try Gymnasium.make(name)
        #expect(environment.specification.observationSpace == ObservationSpace(shape: [count], element: .float32))
        #expect(environment.specification.actionCount == actions)
        #expect(environment.specification.observationBounds == 0...1)
        try environment.reset(seed: 1)
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        environment.observe(into: &observation)
        #expect(observation.floats.filter { $0 == 1 }.count == (name == "Blackjack-v1" ? 3 : 1))
        #expect(observation.floats.filter { $0 == 0 }.count == count - (name == "Blackjack-v1" ? 3 : 1))
    }

    @Test(
        "Combinations of actions are numbered, the last number changing fastest",
        arguments: [
            ("Levers", [15.0, 16, 17, 25, 26, 27], "action (2, 5)"), ("Buttons", [0, 1, 10, 11], "action (1, 1)"),
            ("Hands", [1, 2, 3, 11, 12, 13], "action (1, 1)"),
        ])
    func combinations(name: String, rewards: [Double], fourth: String) throws {
        let environment = try Gymnasium.testing(name)
        #expect(environment.specification.actionCount == rewards.count)
        #expect(environment.specification.actionMeanings[3] == fourth)
        try environment.reset(seed: 1)
        #expect(try rewards.indices.map { try environment.step($0).reward } == rewards)
    }

    @Test(
        "The axes decide where the channels are; an id without the option keeps its older meaning",
        arguments: [
            ("Board", "", [7, 7, 20], ["channels=last"], 1), ("Board", "?channels=last", [20, 7, 7], [], 0),
            ("Board", "?channels=first", [7, 7, 20], [], 0), ("SmallBoard", "?channels=last", [16, 4, 4], [], 0),
            ("Cube", "", [6, 6, 6], ["channels=last"], 1), ("Cube", "?channels=first", [6, 6, 6], [], 1),
            ("Frames", "", [3, 7, 5], [], 0), ("LargeFrames", "", [4, 84, 84], [], 0),
        ])
    func channels(name: String, query: String, shape: [Int], options: [String], notices: Int) throws {
        let specification = try Gymnasium.make("dqn_test_environments:\(name)-v0\(query)").specification
        #expect(specification.observationSpace.shape == shape)
        #expect(specification.advisedOptions == options)
        #expect(specification.notices(of: nil).count == notices, "\(specification.notices(of: nil))")
    }

    @Test("A new run reads one-hot boards with their channels last, and says so in its id")
    func resolution() throws {
        let id = try EnvironmentID("gym:dqn_test_environments:Board-v0")
        let (resolved, environment) = try EnvironmentRegistry.resolve(
            id, gymnasium: Gymnasium.settings().trusting(.any))
        #expect(resolved.description == "gym:dqn_test_environments:Board-v0?channels=last")
        #expect(environment.specification.id == resolved.description)
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        var board = environment
        try board.reset(seed: 1)
        _ = try board.step(1)
        board.observe(into: &observation)
        let expected = (0..<20).flatMap { channel in
            (0..<49).map { UInt8(truncatingIfNeeded: $0 / 7 * 30 + $0 % 7 * 4 + channel) }
        }
        #expect(observation.bytes == expected)
        let same = try EnvironmentRegistry.resolve(
            EnvironmentID("gym:dqn_test_environments:Frames-v0"), gymnasium: Gymnasium.settings().trusting(.any))
        #expect(same.id.description == "gym:dqn_test_environments:Frames-v0")
    }

    @Test("Numbers far from unit scale are reported with the wrapper that scales them")
    func scale() throws {
        let far = try Gymnasium.testing("Far").specification
        #expect(far.observationBounds == -1200...1200)
        #expect(far.notices(of: nil).first?.contains("--set wrappers=observation-scale:0.001") == true)
        let wrappers = try WrapperList(parsing: "observation-scale:0.001")
        let scaled = try wrappers.wrap(Gymnasium.testing("Far"), for: .training).specification
        #expect(scaled.notices(of: nil).isEmpty && scaled.observationBounds?.upperBound == 1200 * 0.001)
        let unbounded = try Gymnasium.testing("Unbounded")
        #expect(unbounded.specification.observationBounds == nil && unbounded.specification.notices(of: nil).isEmpty)
        try unbounded.reset(seed: 1)
        var observation = Observation(zerosOf: unbounded.specification.observationSpace)
        unbounded.observe(into: &observation)
        let notices = unbounded.specification.notices(of: observation)
        #expect(notices.first?.contains("numbers as large as 400.0") == true, "\(notices)")
        #expect(try Gymnasium.make("CartPole-v1").specification.notices(of: nil).isEmpty)
        #expect(try Gymnasium.make("Acrobot-v1").specification.notices(of: nil).isEmpty)
    }

    @Test("An observation outside its space is an error")
    func outside() throws {
        let environment = try Gymnasium.testing("Liar")
        try environment.reset(seed: 1)
        #expect {
            try environment.step(0)
        } throws: {
            "\($0)".contains("an observation holds 5, which Discrete(5) does not contain")
        }
    }

    @Test(
        "Spaces that no network takes are refused by name, with a remedy",
        arguments: [
            ("Letter-v0", EnvironmentError.Code.unsupportedSpace, "its observation space is Text, which no network"),
            (
                "Mission-v0", .unsupportedSpace,
                "its observation ['text'] is Text, which no network takes; choose one"
            ),
            ("Mission-v0?observation_key=sound", .invalidOptions, "the entries are picture, text"),
            ("Mission-v0?observation_key=text", .unsupportedSpace, "its observation space is Text"),
            ("Still-v0?observation_key=a", .invalidOptions, "is Box, which has no entries"),
            ("Still-v0?channels=last", .invalidOptions, "channels=last needs observations of three axes, not (4,)"),
            ("Numbers-v0?channels=last", .invalidOptions, "channels=last needs a Box of three axes"),
            ("Still-v0?channels=middle", .invalidOptions, "unexpected keyword argument 'channels'"),
            ("Organ-v0", .unsupportedSpace, "MultiBinary(11) with 2048 combinations, but at most 1024"),
            ("Joystick-v0", .unsupportedSpace, "its action space is Box, not Discrete; choose a version"),
        ])
    func refusals(name: String, code: EnvironmentError.Code, part: String) throws {
        let error = try #require(throws: EnvironmentError.self) {
            _ = try Gymnasium.make("dqn_test_environments:\(name)")
        }
        #expect(error.code == code)
        #expect(error.message.contains(part), "\(error.message)")
    }
}
