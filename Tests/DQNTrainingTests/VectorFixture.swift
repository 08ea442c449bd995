import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// The results that `Fixtures/scripts/record_pqn.py` computed with PyTorch.
struct VectorFixture: Decodable, Sendable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var method: String
        var network: String
        var optimizer: String
        var initial: [Float]
        var online: [Float]
        var slots: [String: [Float]]
        var openSteps: Int
        var testDescription: String { "\(method) \(network) \(optimizer)" }
    }
    var environments: Int
    var segmentLength: Int
    var steps: Int
    var targetInterval: Int
    var scheduleSteps: Int
    var exploration: Double
    var learningRate: Double
    var rmspropDecay: Double
    var rmspropEpsilon: Double
    var maxGradientNorm: Double
    var discount: Double
    var returnLambda: Double
    var learningStarts: Int
    var batchSize: Int
    var nStep: Int
    var epochs: Int
    var minibatches: Int
    var adamRate: Double
    var adamEpsilon: Double
    var actions: Int
    var observations: [[Float]]
    var rewards: [Float]
    var ends: [String]
    var cases: [Case]

    static let shared: VectorFixture = RecordedMethods.fixture("pqn.json")
}

/// Plays the fixture's script from a place that the first seed determines.
struct VectorScriptEnvironment: Environment {
    static let id = "VectorScript-v0"
    static let registration: Void = {
        try? EnvironmentRegistry.register(id) { VectorScriptEnvironment() }
    }()

    private var seen = -1
    private var step = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id,
            observationSpace: ObservationSpace(shape: [VectorFixture.shared.observations[0].count], element: .float32),
            actionMeanings: (0..<VectorFixture.shared.actions).map(String.init))
    }

    mutating func reset(seed: UInt64?) {
        seen += 1
        if let seed {
            seen = Int(seed % UInt64(VectorFixture.shared.ends.count))
            step = seen
        }
    }

    mutating func step(_ action: Int) -> StepOutcome {
        let script = VectorFixture.shared
        let place = step % script.ends.count
        step += 1
        seen += 1
        return StepOutcome(
            reward: Double(script.rewards[place]) + 0.25 * Double(action),
            terminated: script.ends[place] == "terminated", truncated: script.ends[place] == "truncated")
    }

    func observe(into observation: inout Observation) {
        let values = VectorFixture.shared.observations[seen % VectorFixture.shared.ends.count]
        observation.withMutableFloats { floats in
            for index in values.indices { floats[index] = values[index] }
        }
    }

    func snapshot() -> StateSnapshot? {
        StateSnapshot(kind: Self.id, version: 1, values: ["place": .int64([Int64(seen), Int64(step)])])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        let place = try snapshot.int64("place", count: 2)
        seen = Int(place[0])
        step = Int(place[1])
    }

    func renderANSI() -> String { "\(step)" }
}
