import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// The results that `Fixtures/scripts/record_methods.py` computed with PyTorch.
struct ScriptedFixture: Decodable, Sendable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var method: String
        var loss: String
        var double: Bool
        var initial: [Float]
        var online: [Float]
        var target: [Float]
        var meanSquare: [Float]
        var openSteps: Int
        var testDescription: String { "\(method) \(loss)\(double ? " double" : "")" }
    }
    var steps: Int
    var segmentLength: Int
    var targetInterval: Int
    var scheduleSteps: Int
    var learningRate: Double
    var rmspropDecay: Double
    var optimizerEpsilon: Double
    var maxGradientNorm: Double
    var discount: Double
    var units: Int
    var actions: Int
    var observations: [[Float]]
    var rewards: [Float]
    var ends: [String]
    var cases: [Case]

    static let shared: ScriptedFixture = RecordedMethods.fixture("scripted.json")
}

/// Plays the fixture's script: observations depend on the step alone, rewards also on the action.
struct ScriptedEnvironment: Environment {
    static let id = "Scripted-v0"
    static let registration: Void = {
        try? EnvironmentRegistry.register(id) { ScriptedEnvironment() }
    }()

    private var seen = -1
    private var step = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id,
            observationSpace: ObservationSpace(
                shape: [ScriptedFixture.shared.observations[0].count], element: .float32),
            actionMeanings: (0..<ScriptedFixture.shared.actions).map(String.init))
    }

    mutating func reset(seed: UInt64?) { seen += 1 }

    mutating func step(_ action: Int) -> StepOutcome {
        let script = ScriptedFixture.shared
        let end = script.ends[step]
        let reward = Double(script.rewards[step]) + 0.25 * Double(action)
        step += 1
        seen += 1
        return StepOutcome(reward: reward, terminated: end == "terminated", truncated: end == "truncated")
    }

    func observe(into observation: inout Observation) {
        let values = ScriptedFixture.shared.observations[seen]
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

/// Compares the methods without a replay with the same algorithms in PyTorch, including terminations, truncations, target
/// refreshes, clipping and a falling learning rate.
@Suite struct ScriptedMethodTests {
    init() { ScriptedEnvironment.registration }

    @Test(arguments: ScriptedFixture.shared.cases)
    func parametersAgreeWithPyTorch(_ recorded: ScriptedFixture.Case) throws {
        let script = ScriptedFixture.shared
        var configuration = TrainingConfiguration()
        configuration.environment = ScriptedEnvironment.id
        configuration.method = recorded.method
        configuration.network = "mlp:\(script.units)"
        configuration.scheduleSteps = script.scheduleSteps
        configuration.learningRate = script.learningRate
        configuration.learningRateFinal = 0
        configuration.learningStarts = 0
        configuration.discount = script.discount
        configuration.segmentLength = script.segmentLength
        configuration.targetInterval = script.targetInterval
        configuration.epsilonStart = 0
        configuration.epsilonFinal = 0
        configuration.loss = try #require(Loss(rawValue: recorded.loss))
        configuration.doubleDQN = recorded.double
        configuration.maximumGradientNorm = script.maxGradientNorm
        configuration.optimizer = .rmsprop(
            decay: script.rmspropDecay, epsilon: script.optimizerEpsilon, centred: false)
        configuration.evaluationInterval = 0

        var start = try Trainer(configuration).checkpoint()
        start.online = recorded.initial
        if start.target != nil { start.target = recorded.initial }
        let trainer = try Trainer(resuming: start)
        try trainer.advance(to: script.steps)
        let end = try trainer.checkpoint()
        expectClose(end.online, recorded.online, "online")
        if let target = end.target { expectClose(target, recorded.target, "target") }
        expectClose(try #require(end.optimizer?.slots["mean_square"]), recorded.meanSquare, "mean_square")
        let open = end.workers[0].learner?.values["segment.rewards"]
        guard case .float32(let rewards)? = open else {
            Issue.record("the open segment is missing")
            return
        }
        #expect(rewards.count == recorded.openSteps)
    }

    private func expectClose(_ values: [Float], _ expected: [Float], _ name: String) {
        RecordedMethods.expectClose(values, expected, name, tolerance: 1e-4)
    }
}
