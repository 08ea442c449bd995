import DQNEnvironments
import DQNModel
import Foundation
import Synchronization

/// An environment with large observations, which takes as long to create as the test wants.
struct SlowStartEnvironment: Environment {
    static let id = "SlowStart-v0"
    private static let milliseconds = Atomic<Int>(0)

    /// How long a creation takes from now on.
    static func setDelay(milliseconds delay: Int) { milliseconds.store(delay, ordering: .relaxed) }

    /// Registers the environment, once.
    static let registration: Void = {
        // The id is unique to this type, so registration cannot fail.
        try? EnvironmentRegistry.register(id) {
            Thread.sleep(forTimeInterval: Double(milliseconds.load(ordering: .relaxed)) / 1000)
            return SlowStartEnvironment()
        }
    }()

    private var length = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id, observationSpace: ObservationSpace(shape: [2], element: .float32),
            actionMeanings: ["left", "right"], observationBounds: -1200...1200)
    }

    mutating func reset(seed: UInt64?) { length = 0 }

    mutating func step(_ action: Int) -> StepOutcome {
        length += 1
        return StepOutcome(reward: 1, terminated: length == 5, truncated: false)
    }

    func observe(into observation: inout Observation) {
        let length = length
        observation.withMutableFloats { $0[0] = Float(length) * 240 }
    }

    func snapshot() -> StateSnapshot? {
        StateSnapshot(kind: Self.id, version: 1, values: ["length": .int64([Int64(length)])])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        length = Int(try snapshot.int64("length", count: 1)[0])
    }

    func renderANSI() -> String { "\(length)" }
}
