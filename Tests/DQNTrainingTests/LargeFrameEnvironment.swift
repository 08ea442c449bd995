import DQNEnvironments
import DQNModel
import Foundation

/// An endless episode with frames of 64 KiB, so that a short replay is large; slow for the worker whose seed is
/// ``FaultyEnvironment/faultySeed``.
struct LargeFrameEnvironment: Environment {
    static let id = "LargeFrames-v0"
    static let space = ObservationSpace(shape: [256, 256], element: .uint8)
    static let registration: Void = {
        // The id is unique to this type, so registration cannot fail.
        try? EnvironmentRegistry.register(id) { LargeFrameEnvironment() }
    }()

    private var isSlow = false
    private var steps = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(id: Self.id, observationSpace: Self.space, actionMeanings: ["stay", "go"])
    }

    mutating func reset(seed: UInt64?) {
        if let seed { isSlow = seed == FaultyEnvironment.faultySeed }
        steps = 0
    }

    mutating func step(_ action: Int) -> StepOutcome {
        if isSlow { usleep(10_000) }
        steps += 1
        return StepOutcome(reward: 0, terminated: false, truncated: false)
    }

    func observe(into observation: inout Observation) {
        // Writes every page of the frame: untouched memory is not resident.
        observation.withMutableBytes {
            _ = $0.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: steps))
        }
    }

    func snapshot() -> StateSnapshot? {
        StateSnapshot(kind: Self.id, version: 1, values: ["steps": .int64([Int64(steps)])])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        steps = Int(try snapshot.int64("steps", count: 1)[0])
    }

    func renderANSI() -> String { "\(steps)" }
}
