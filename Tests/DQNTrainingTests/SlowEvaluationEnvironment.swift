import DQNEnvironments
import DQNModel
import Foundation
import Synchronization

/// A walk with random wind, whose episodes take as long as the test wants after a reset with a seed. Training resets
/// with a seed only once, evaluations do for each episode.
struct SlowEvaluationEnvironment: Environment {
    struct Failure: Error, CustomStringConvertible {
        var description: String { "the injected fault" }
    }

    static let id = "SlowEvaluation-v0"
    private static let nanoseconds = Atomic<Int>(0)
    private static let failing = Atomic<Int>(.max)

    /// How long a reset with a seed takes.
    static func setDelay(_ delay: Duration) { nanoseconds.store(Int(delay / .nanoseconds(1)), ordering: .relaxed) }

    /// The step of training that throws, counted over all episodes.
    static var failingStep: Int {
        get { failing.load(ordering: .relaxed) }
        set { failing.store(newValue, ordering: .relaxed) }
    }

    /// Registers the environment, once.
    static let registration: Void = {
        // The id is unique to this type, so registration cannot fail.
        try? EnvironmentRegistry.register(id) { SlowEvaluationEnvironment() }
    }()

    private var generator = RandomGenerator(seed: 0)
    private var position: Float = 0
    private var length = 0
    private var steps = 0
    private var resets = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id, observationSpace: ObservationSpace(shape: [2], element: .float32),
            actionMeanings: ["left", "right"])
    }

    mutating func reset(seed: UInt64?) throws {
        if let seed {
            generator = RandomGenerator(seed: seed)
            resets += 1
            // The first reset may be a worker's.
            let end = ContinuousClock.now + .nanoseconds(Self.nanoseconds.load(ordering: .relaxed))
            while steps > 0 || resets > 1, ContinuousClock.now < end {
                usleep(1_000)
                if Self.nanoseconds.load(ordering: .relaxed) == 0 { break }
            }
        }
        position = 0
        length = 0
    }

    mutating func step(_ action: Int) throws -> StepOutcome {
        // Only training takes so many steps without another seed.
        if resets == 1, steps == Self.failingStep { throw Failure() }
        steps += 1
        length += 1
        position += action == 1 ? 1 : -1
        if generator.uniform() < 0.3 { position += 1 }
        return StepOutcome(
            reward: Double(action) * 0.5 + Double(position) / 16, terminated: length == 12, truncated: false)
    }

    func observe(into observation: inout Observation) {
        observation.withMutableFloats {
            $0[0] = position / 8
            $0[1] = Float(length) / 8
        }
    }

    func snapshot() throws -> StateSnapshot? {
        StateSnapshot(
            kind: Self.id, version: 1,
            values: [
                "walk": .float64([Double(position), Double(length), Double(steps), Double(resets)]),
                "generator": .uint64(generator.words),
            ])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        let walk = try snapshot.float64("walk", count: 4)
        position = Float(walk[0])
        length = Int(walk[1])
        steps = Int(walk[2])
        resets = Int(walk[3])
        generator = try RandomGenerator(restoring: snapshot.uint64("generator", count: 4))
    }

    func renderANSI() -> String { "\(position)" }
}
