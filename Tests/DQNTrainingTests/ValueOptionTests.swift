import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// The results that `Fixtures/scripts/record_value_options.py` computed with PyTorch.
struct ValueOptionFixture: Decodable, Sendable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var method: String
        var settings: [String]
        var rate: Double
        var initial: [Float]
        var online: [Float]
        var testDescription: String { ([method] + settings).joined(separator: " ") }
    }
    struct Loss: Decodable, Sendable {
        var quantiles: Int
        var outputs: [Float]
        var targets: [Float]
        var actions: [Int32]
        var weights: [Float]
        var loss: Double
        var gradient: [Float]
        var errors: [Float]
    }
    var cases: [Case]
    var quantileLoss: Loss

    static let shared: ValueOptionFixture = RecordedMethods.fixture("value-options.json")
}

/// Munchausen learning and quantile regression lead to the parameters that PyTorch has.
@Suite struct ValueOptionTests {
    init() { ScriptedEnvironment.registration }

    @Test(arguments: ValueOptionFixture.shared.cases)
    func parametersAgreeWithPyTorch(_ test: ValueOptionFixture.Case) throws {
        let script = ScriptedFixture.shared
        let request = script.request(method: test.method, settings: test.settings, learningRate: test.rate)
        var start = try Trainer(request.resolve()).checkpoint()
        start.online = test.initial
        start.target = test.initial
        let trainer = try Trainer(resuming: start)
        try trainer.advance(to: script.steps)
        let end = try trainer.checkpoint()
        let size = test.online.reduce(0) { max($0, abs($1)) }
        #expect(zip(start.online, test.online).contains { abs($0 - $1) > 0.01 * size })
        RecordedMethods.expectClose(end.online, test.online, "online", tolerance: 5e-5)
    }

    @Test func theQuantileLossAgreesWithPyTorch() {
        let recorded = ValueOptionFixture.shared.quantileLoss
        var gradient = [Float](repeating: .nan, count: recorded.outputs.count)
        var errors = [Float](repeating: .nan, count: recorded.actions.count)
        let loss = recorded.outputs.withUnsafeBufferPointer { outputs in
            recorded.actions.withUnsafeBufferPointer { actions in
                recorded.targets.withUnsafeBufferPointer { targets in
                    recorded.weights.withUnsafeBufferPointer { weights in
                        gradient.withUnsafeMutableBufferPointer { gradient in
                            errors.withUnsafeMutableBufferPointer { errors in
                                QuantileLoss(quantiles: recorded.quantiles).evaluate(
                                    outputs: outputs, actions: actions, targets: targets, gradient: gradient,
                                    weights: weights, absoluteErrors: errors)
                            }
                        }
                    }
                }
            }
        }
        #expect(abs(loss - recorded.loss) < 1e-6)
        for (value, expected) in zip(gradient, recorded.gradient) { #expect(abs(value - expected) < 1e-7) }
        for (value, expected) in zip(errors, recorded.errors) { #expect(abs(value - expected) < 1e-6) }
        #expect(gradient.contains { $0 != 0 } && gradient.contains(0))
    }

    private func request(_ method: String, _ assignments: String...) -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.method = method
        request.assignments = assignments
        return request
    }

    // MARK: Munchausen

    /// The soft maximum and the log-policy stay exact where exponentials overflow or vanish.
    @Test(arguments: [0.03, 1e-6, 1.0, 1000.0]) func theSoftMaximumIsStable(temperature: Double) throws {
        let munchausen = Munchausen(weight: 0.9, temperature: temperature, minimum: -1)
        for values: [Float] in [[1e6, -1e6, 0], [-3e7, -3e7, -3e7], [0.25, 0.5, 0.125], [1e-30, 0, -1e-30], [7]] {
            try values.withUnsafeBufferPointer { values in
                let soft = munchausen.softMaximum(values)
                let largest = try #require(values.max())
                #expect(soft.isFinite && soft >= largest)
                #expect(Double(soft) <= (Double(largest) + temperature * log(Double(values.count))) * (1 + 1e-6) + 1e3)
                for action in values.indices {
                    let bonus = munchausen.bonus(values, action: action)
                    #expect(bonus <= 0 && bonus >= -0.9)
                }
            }
        }
        let equal: [Float] = [2, 2, 2, 2]
        equal.withUnsafeBufferPointer {
            #expect(abs(Double(munchausen.softMaximum($0)) - 2 - temperature * log(4)) < 1e-6 * max(1, temperature))
        }
    }

    /// Rounding must not lose a fraction of a large value: τ ln n is much smaller.
    @Test(arguments: [2, 18]) func theSoftMaximumOfQuantilesKeepsLargeValues(actions: Int) {
        let values = [Float](repeating: 1000, count: actions)
        let quantiles = (0..<actions).flatMap { _ in [999, 1000, 1001] as [Float] }
        var result = [Double](repeating: .nan, count: 3)
        values.withUnsafeBufferPointer { values in
            quantiles.withUnsafeBufferPointer { quantiles in
                result.withUnsafeMutableBufferPointer {
                    Munchausen(temperature: 0.03).writeSoftMaximum(of: quantiles, values: values, to: $0)
                }
            }
        }
        for (index, value) in result.enumerated() {
            #expect(abs(value - (999 + Double(index) + 0.03 * log(Double(actions)))) < 1e-9)
        }
    }

    @Test(arguments: ["dqn", "async-dqn", "async-nstep-q"]) func munchausenTurnsThePresetsDoubleOff(method: String)
        throws
    {
        let configuration = try request(method, "munchausen=true").resolve()
        #expect(configuration.munchausen && !configuration.doubleDQN)
    }

    @Test(arguments: [
        ("dqn", ["munchausen=true", "double=true"], "double has no action to select"),
        ("async-sarsa", ["munchausen=true"], "would not depend on the action taken"),
        ("a3c", ["munchausen=true"], "has no action values; leave munchausen out"),
        ("dqn", ["munchausen=true", "munchausen_temperature=0"], "'munchausen_temperature'"),
        ("dqn", ["munchausen=true", "munchausen_clip=1"], "'munchausen_clip'"),
    ])
    func refusesWhatIsNotDefined(method: String, assignments: [String], words: String) {
        var request = request(method)
        request.assignments = assignments
        #expect { try request.resolve() } throws: { "\($0)".contains(words) }
    }

    @Test(arguments: [
        ("a3c", ["quantiles=5"], "does not learn quantiles"), ("async-q", ["quantiles=5"], "does not learn quantiles"),
        ("dqn", ["quantiles=5", "dueling=true"], "no dueling streams"),
        ("dqn", ["quantiles=-1"], "'quantiles'"),
    ])
    func refusesQuantilesWhereNothingLearnsThem(method: String, assignments: [String], words: String) {
        var request = request(method)
        request.assignments = assignments
        #expect { try request.resolve() } throws: { "\($0)".contains(words) }
    }

    @Test func aFileWithoutTheKeysHasTheOldBehaviour() throws {
        guard case .object(var members) = TrainingConfiguration().json else { return }
        for key in ["munchausen", "munchausen_alpha", "munchausen_temperature", "munchausen_clip", "quantiles"] {
            members[key] = nil
            #expect(try TrainingConfiguration(json: .object(members)) == TrainingConfiguration())
        }
        #expect(!TrainingConfiguration().munchausen && TrainingConfiguration().quantiles == 0)
    }
}
