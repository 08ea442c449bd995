import DQNEnvironments
import DQNModel

/// A game whose observations, rewards and lives follow from the frame number and the action.
struct ClockworkGame: Environment {
    var space = ObservationSpace(shape: [2], element: .uint8)
    var meanings = ["noop", "fire", "left"]
    /// Frames after which a life is lost.
    var framesPerLife = 7
    /// Lives at the beginning; `nil` for a game that counts none and ends with the first loss.
    var lifeCount: Int? = 3
    private(set) var frame = 0
    /// Actions since the reset.
    private(set) var actions: [Int] = []
    private(set) var resets = 0
    private(set) var lives: Int?
    private(set) var seed: UInt64?

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: "Clockwork-v0", observationSpace: space, actionMeanings: meanings, maximumEpisodeSteps: 50)
    }

    mutating func reset(seed: UInt64?) {
        self.seed = seed
        (frame, actions, lives) = (0, [], lifeCount)
        resets += 1
    }

    /// Pays 5 for action 1, −3 for action 2.
    mutating func step(_ action: Int) -> StepOutcome {
        frame += 1
        actions.append(action)
        var over = false
        if frame % framesPerLife == 0 {
            lives = lives.map { $0 - 1 }
            over = (lives ?? 0) == 0
        }
        return StepOutcome(
            reward: [0, 5, -3][action], terminated: over, truncated: !over && frame == 50)
    }

    /// The byte or number at an index of a frame; neighbours differ.
    static func value(_ index: Int, frame: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: (index + 1) * 37 + frame * frame * 11 + (frame % 2) * 128)
    }

    func observe(into observation: inout Observation) {
        let frame = frame
        if space.element == .float32 {
            observation.withMutableFloats { values in
                for index in values.indices { values[index] = Float(Self.value(index, frame: frame)) }
            }
        } else {
            observation.withMutableBytes { bytes in
                for index in bytes.indices { bytes[index] = Self.value(index, frame: frame) }
            }
        }
    }

    func snapshot() -> StateSnapshot? {
        StateSnapshot(
            kind: "Clockwork-v0", version: 3,
            values: [
                "frame": .int64([Int64(frame)]), "lives": .int64(lives.map { [Int64($0)] } ?? []),
                "actions": .int64(actions.map(Int64.init)), "seed": .uint64(seed.map { [$0] } ?? []),
            ])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: "Clockwork-v0", version: 3)
        guard case .int64(let lives) = snapshot.values["lives"], case .int64(let actions) = snapshot.values["actions"],
            case .uint64(let seeds) = snapshot.values["seed"]
        else { throw ModelError(code: .invalidSnapshot, message: "Values are missing.") }
        frame = Int(try snapshot.int64("frame", count: 1)[0])
        self.lives = lives.first.map { Int($0) }
        self.actions = actions.map { Int($0) }
        seed = seeds.first
    }

    func renderANSI() -> String { "frame \(frame)" }
}

extension Environment {
    /// The current observation.
    var shown: Observation {
        var observation = Observation(zerosOf: specification.observationSpace)
        observe(into: &observation)
        return observation
    }
}
