import DQN

/// A line of eleven cells: the right end pays 1, the left end −1, and each other step −0.01.
///
/// `Codable` lets a resumed run continue in the middle of an episode. All of the state is in stored properties.
struct Walk: Environment, Codable {
    private var cell = 0
    private var steps = 0
    private var random = RandomGenerator(seed: 0)

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: "Walk-v0", observationSpace: ObservationSpace(shape: [1], element: .float32),
            actionMeanings: ["left", "right"], maximumEpisodeSteps: 50, rewardThreshold: 0.9)
    }

    mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed) }
        cell = random.integer(below: 5) - 2
        steps = 0
    }

    mutating func step(_ action: Int) -> StepOutcome {
        cell += action == 0 ? -1 : 1
        steps += 1
        let isAtEnd = abs(cell) == 5
        return StepOutcome(
            reward: isAtEnd ? (cell > 0 ? 1 : -1) : -0.01, terminated: isAtEnd, truncated: steps == 50)
    }

    func observe(into observation: inout Observation) {
        observation.withMutableFloats { $0[0] = Float(cell) / 5 }
    }
}
