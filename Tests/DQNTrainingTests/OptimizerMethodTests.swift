import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// The results that `Fixtures/scripts/record_optimizers.py` computed with PyTorch's optimisers.
struct OptimizerFixture: Decodable, Sendable {
    struct Constants: Decodable, Sendable {
        var kind: String
        var beta1: Double?
        var beta2: Double?
        var decay: Double?
        var epsilon: Double
        var centred: Bool?
    }
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var method: String
        var settings: [String]
        var constants: Constants
        var rate: Double
        var start: String
        var online: [Float]
        var testDescription: String { ([method] + settings).joined(separator: " ") }
    }
    var batch_size: Int
    var train_interval: Int
    var starts: [String: [Float]]
    var cases: [Case]

    static let shared: OptimizerFixture = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        do {
            let data = try Data(contentsOf: root.appendingPathComponent("Fixtures/methods/optimizers.json"))
            return try JSONDecoder().decode(OptimizerFixture.self, from: data)
        } catch { fatalError("Fixtures/methods/optimizers.json cannot be read: \(error)") }
    }()
}

/// Every method with every optimiser, from the settings that a user writes to the parameters that PyTorch's optimisers
/// lead to.
@Suite struct OptimizerMethodTests {
    init() { ScriptedEnvironment.registration }

    private func resolve(_ test: OptimizerFixture.Case) throws -> TrainingConfiguration {
        let (script, fixture) = (ScriptedFixture.shared, OptimizerFixture.shared)
        var request = ConfigurationRequest()
        request.environment = ScriptedEnvironment.id
        request.method = test.method
        request.assignments =
            test.settings + [
                "network=mlp:\(script.units)", "schedule_steps=\(script.scheduleSteps)", "learning_rate=\(test.rate)",
                "learning_rate_final=0", "learning_starts=0", "discount=\(script.discount)",
                "segment_length=\(script.segmentLength)", "target_interval=\(script.targetInterval)",
                "epsilon_start=0", "epsilon_assignment=fixed", "epsilon_final=0", "loss=squared",
                "max_gradient_norm=\(script.maxGradientNorm)", "evaluation_interval=0", "replay_capacity=100",
                "batch_size=\(fixture.batch_size)", "train_interval=\(fixture.train_interval)", "gradient_steps=1",
                "entropy_coefficient=0.01", "value_coefficient=0.5",
            ]
        return try request.resolve()
    }

    @Test(arguments: OptimizerFixture.shared.cases)
    func parametersAgreeWithPyTorch(_ test: OptimizerFixture.Case) throws {
        let configuration = try resolve(test)
        let constants = test.constants
        #expect(configuration.optimizer.kind.rawValue == constants.kind)
        #expect(configuration.optimizer.epsilon == constants.epsilon)
        if constants.kind == "adam" {
            #expect(configuration.optimizer.beta1 == constants.beta1)
            #expect(configuration.optimizer.beta2 == constants.beta2)
        } else {
            #expect(configuration.optimizer.decay == constants.decay)
            #expect(configuration.optimizer.centred == constants.centred)
        }

        var start = try Trainer(configuration).checkpoint()
        start.online = try #require(OptimizerFixture.shared.starts[test.start])
        if start.target != nil { start.target = start.online }
        let trainer = try Trainer(resuming: start)
        try trainer.advance(to: ScriptedFixture.shared.steps)
        let end = try trainer.checkpoint()
        let size = test.online.reduce(0) { max($0, abs($1)) }
        let moved = zip(start.online, test.online).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(moved > 0.01 * size)
        #expect(end.online.count == test.online.count)
        for (index, (value, expected)) in zip(end.online, test.online).enumerated()
        where !(abs(value - expected) <= 2e-5 * size) {
            Issue.record("parameter \(index) is \(value), PyTorch has \(expected)")
            return
        }
    }

    /// Adam and RMSProp of every method are in a fixture, so that a new method cannot be forgotten.
    @Test func everyMethodIsRecorded() {
        let builtIn = Set(TrainingMethods.names).subtracting(PlugInNames.registered)
        for kind in ["adam", "rmsprop"] {
            let recorded = OptimizerFixture.shared.cases.filter { $0.constants.kind == kind }.map(\.method)
            // `pqn` is recorded with two environments.
            let recordedThere = VectorFixture.shared.cases.filter { $0.optimizer == kind }.map(\.method)
            #expect(Set(recorded + recordedThere) == builtIn)
        }
    }
}

/// Names of methods that tests register.
enum PlugInNames {
    static var registered: Set<String> {
        Set(TrainingMethods.names.filter { (try? TrainingMethods.named($0).extensionOwner) != nil })
    }
}
