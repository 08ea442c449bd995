import DQN

/// A row of seven squares: the agent starts near the middle, and reaching the right end pays 1.
struct Walk: Environment {
    static let id = "Walk-v0"
    static let last = 6
    static let limit = 50
    static let specification = EnvironmentSpecification(
        id: id, observationSpace: ObservationSpace(shape: [1], element: .float32), actionMeanings: ["left", "right"],
        maximumEpisodeSteps: limit, rewardThreshold: 1)

    var square = 3
    var steps = 0
    var random = RandomGenerator(seed: 0, stream: id)

    var specification: EnvironmentSpecification { Self.specification }

    /// Starts an episode. A seed restarts the random stream; without one it continues.
    mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed, stream: Self.id) }
        square = 2 + random.integer(below: 3)
        steps = 0
    }

    mutating func step(_ action: Int) -> StepOutcome {
        square += action == 1 ? 1 : -1
        steps += 1
        return StepOutcome(
            reward: square == Self.last ? 1 : 0, terminated: square <= 0 || square >= Self.last,
            truncated: steps == Self.limit)
    }

    func observe(into observation: inout Observation) {
        observation.withMutableFloats { $0[0] = Float(square) / Float(Self.last) }
    }
}
