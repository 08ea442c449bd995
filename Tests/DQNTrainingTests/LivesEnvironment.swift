import DQNEnvironments
import DQNModel

/// A game with three lives, each lost after six frames whatever the action; each frame has a reward of 2. Its screens
/// have the format of Atari's.
struct LivesEnvironment: Environment {
    static let id = "Lives-v0"
    static let registration: Void = {
        try? EnvironmentRegistry.register(id) { LivesEnvironment() }
    }()
    /// The return of a whole game.
    static let gameReturn = 36.0

    private var frame = 0
    private var random = RandomGenerator(seed: 0)
    private var brightness: UInt8 = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id, observationSpace: ObservationSpace(shape: [96, 90], element: .uint8),
            actionMeanings: ["noop", "fire"])
    }

    var lives: Int? { 3 - frame / 6 }

    mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed, stream: "environment") }
        frame = 0
        brightness = UInt8(random.integer(below: 100))
    }

    mutating func step(_ action: Int) -> StepOutcome {
        frame += 1
        brightness = UInt8(random.integer(below: 100) + 50 * action)
        return StepOutcome(reward: 2, terminated: frame == 18, truncated: false)
    }

    func observe(into observation: inout Observation) {
        let value = brightness
        observation.withMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: value) }
    }

    func snapshot() -> StateSnapshot? {
        StateSnapshot(
            kind: Self.id, version: 1,
            values: ["state": .int64([Int64(frame), Int64(brightness)]), "random": .uint64(random.words)])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        let state = try snapshot.int64("state", count: 2)
        random = try RandomGenerator(restoring: snapshot.uint64("random", count: 4))
        (frame, brightness) = (Int(state[0]), UInt8(state[1]))
    }

    func renderANSI() -> String { "\(frame)" }
}
