import DQNEnvironments
import DQNModel

/// Two places, each of which costs 1; then the episode ends. Only one action is allowed at each, 0 at the first and 1 at
/// the second; others throw.
///
/// The values are −2 and −1. A learner that ignores masks bootstraps from an action that was never tried.
struct MaskedEnvironment: Environment {
    static let id = "Masked-v0"
    static let registration: Void = {
        try? EnvironmentRegistry.register(id) { MaskedEnvironment() }
    }()

    struct NotAllowed: Error {}

    private var place = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id, observationSpace: ObservationSpace(shape: [2], element: .float32),
            actionMeanings: ["left", "right", "up"], masksActions: true)
    }

    var actionMask: [Bool]? { place == 0 ? [true, false, false] : [false, place == 1, false] }

    mutating func reset(seed: UInt64?) { place = 0 }

    mutating func step(_ action: Int) throws -> StepOutcome {
        if actionMask?[action] != true { throw NotAllowed() }
        place += 1
        return StepOutcome(reward: -1, terminated: place == 2, truncated: false)
    }

    func observe(into observation: inout Observation) {
        let place = place
        observation.withMutableFloats { values in
            for index in values.indices { values[index] = index == place ? 1 : 0 }
        }
    }

    func snapshot() -> StateSnapshot? {
        StateSnapshot(kind: Self.id, version: 1, values: ["place": .int64([Int64(place)])])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        place = Int(try snapshot.int64("place", count: 1)[0])
    }
}
