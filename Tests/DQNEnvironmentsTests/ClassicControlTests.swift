import DQNEnvironments
import DQNModel
import Testing

/// Rules of the protocol and of classic control that recorded trajectories do not cover.
@Suite struct ClassicControlTests {
    static let environments = ["CartPole-v1", "MountainCar-v0", "Acrobot-v1"]

    /// The bounds of observations after Gymnasium's resets.
    static let resetBounds: [String: [ClosedRange<Float>]] = [
        "CartPole-v1": [ClosedRange<Float>](repeating: -0.05...0.05, count: 4),
        "MountainCar-v0": [-0.6 ... -0.4, 0...0],
        "Acrobot-v1": [0.995...1, -0.0999...0.0999, 0.995...1, -0.0999...0.0999, -0.1...0.1, -0.1...0.1],
    ]

    @Test("Resets fill Gymnasium's ranges", arguments: environments)
    func resets(id: String) throws {
        var environment = try EnvironmentRegistry.make(id)
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        let bounds = try #require(Self.resetBounds[id])
        var lowest = [Float](repeating: .infinity, count: bounds.count)
        var highest = lowest.map { -$0 }
        try environment.reset(seed: 5)
        for _ in 0..<2000 {
            try environment.reset(seed: nil)
            environment.observe(into: &observation)
            for (index, value) in observation.floats.enumerated() {
                lowest[index] = min(lowest[index], value)
                highest[index] = max(highest[index], value)
                #expect(bounds[index].contains(value))
            }
        }
        for (index, bound) in bounds.enumerated() {
            let width = bound.upperBound - bound.lowerBound
            #expect(highest[index] - lowest[index] >= 0.97 * width, "\(id), element \(index)")
        }
    }

    @Test("A seed determines the episode; nil continues the stream", arguments: environments)
    func seeds(id: String) throws {
        var first = try EnvironmentRegistry.make(id)
        var second = try EnvironmentRegistry.make(id)
        func start(_ environment: inout any Environment, _ seed: UInt64?) throws -> [Float] {
            try environment.reset(seed: seed)
            var observation = Observation(zerosOf: environment.specification.observationSpace)
            environment.observe(into: &observation)
            return observation.floats
        }
        let one = try start(&first, 1)
        #expect(try start(&second, 1) == one)
        let next = try start(&first, nil)
        #expect(next != one)
        #expect(try start(&second, nil) == next)
        #expect(try start(&second, 2) != one)
        #expect(try start(&second, 1) == one)
    }

    @Test("Misuse is refused with a reason and leaves the state unchanged", arguments: SnapshotTests.environments)
    func misuse(id: String) throws {
        var environment = try EnvironmentRegistry.make(id)
        let actions = environment.specification.actionCount
        #expect { try environment.step(0) } throws: {
            ($0 as? EnvironmentError)?.code == .resetNeeded && "\($0)".contains("needs a reset before its first step")
        }
        try environment.reset(seed: 1)
        let before = try environment.snapshot()
        for action in [-1, actions, Int.max, Int.min] {
            #expect { try environment.step(action) } throws: {
                ($0 as? EnvironmentError)?.code == .invalidAction && "\($0)".contains("\(id) has no action \(action)")
            }
        }
        #expect(try environment.snapshot() == before)
    }

    @Test("Terminating on the step of the limit sets both flags, as in Gymnasium")
    func bothFlags() throws {
        var environment = try placed("CartPole-v1", in: [2.399, 3, 0, 0], elapsed: 499)
        #expect(try environment.step(1) == StepOutcome(reward: 1, terminated: true, truncated: true))
        environment = try placed("MountainCar-v0", in: [0.49, 0.07], elapsed: 199)
        #expect(try environment.step(2) == StepOutcome(reward: -1, terminated: true, truncated: true))
        environment = try placed("MountainCar-v0", in: [0.49, 0.07], elapsed: 198)
        #expect(try environment.step(2) == StepOutcome(reward: -1, terminated: true, truncated: false))
    }

    @Test("MountainCar stops at the left wall")
    func wall() throws {
        var environment = try placed("MountainCar-v0", in: [-1.19, -0.05], elapsed: 0)
        _ = try environment.step(0)
        #expect(try #require(try environment.snapshot()).float64("state", count: 2) == [-1.2, 0])
    }

    @Test("Acrobot's speeds are bounded and its angles wrapped")
    func acrobotBounds() throws {
        var environment = try placed("Acrobot-v1", in: [3, -3, 12.5, -28], elapsed: 0)
        for _ in 0..<50 {
            _ = try? environment.step(2)
            let state = try #require(try environment.snapshot()).float64("state", count: 4)
            #expect(abs(state[0]) <= .pi && abs(state[1]) <= .pi)
            #expect(abs(state[2]) <= 4 * .pi && abs(state[3]) <= 9 * .pi)
        }
    }
}
