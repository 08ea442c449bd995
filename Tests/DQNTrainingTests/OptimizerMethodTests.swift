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
    var batchSize: Int
    var trainInterval: Int
    var starts: [String: [Float]]
    var cases: [Case]

    static let shared: OptimizerFixture = RecordedMethods.fixture("optimizers.json")
}

/// Every method with every optimiser, from the settings that a user writes to the parameters that PyTorch's optimisers
/// lead to.
@Suite struct OptimizerMethodTests {
    init() { ScriptedEnvironment.registration }

    private func resolve(_ test: OptimizerFixture.Case) throws -> TrainingConfiguration {
        try ScriptedFixture.shared.request(
            method: test.method, settings: test.settings + ["entropy_coefficient=0.01", "value_coefficient=0.5"],
            learningRate: test.rate
        ).resolve()
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
        RecordedMethods.expectClose(end.online, test.online, "online", tolerance: 2e-5)
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
