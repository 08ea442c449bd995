import DQN

/// Ten throws of a coin that is not fair: guess each side.
///
/// The type is not `Codable` and has no `snapshot()`: a resumed run starts a new episode and logs it.
struct Coin: Environment {
    private var throwsLeft = 0
    private var lastSide = 0
    private var random = RandomGenerator(seed: 0)

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: "Coin-v0", observationSpace: ObservationSpace(shape: [1], element: .float32),
            actionMeanings: ["heads", "tails"], maximumEpisodeSteps: 10, rewardThreshold: 7)
    }

    mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed) }
        throwsLeft = 10
    }

    mutating func step(_ action: Int) -> StepOutcome {
        lastSide = random.uniform() < 0.8 ? 1 : 0
        throwsLeft -= 1
        return StepOutcome(reward: action == lastSide ? 1 : 0, terminated: throwsLeft == 0, truncated: false)
    }

    func observe(into observation: inout Observation) {
        observation.withMutableFloats { $0[0] = Float(lastSide) }
    }
}
