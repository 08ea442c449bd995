import DQNNetwork
import Foundation
import Testing

/// `Fixtures/networks/losses.json`: gradients with respect to outputs.
struct LossFixture: Decodable {
    struct ActorCritic: Decodable {
        var entropy_coefficient: Double
        var value_coefficient: Double
        var outputs: [[Float]]
        var actions: [Int32]
        var returns: [Float]
        var policy: Double
        var value: Double
        var entropy: Double
        var gradient: [[Double]]
    }
    struct ActionValues: Decodable {
        var kind: Loss
        var reduction: String
        var outputs: [[Float]]
        var actions: [Int32]
        var targets: [Float]
        var weights: [Float]?
        var count: Int
        var loss: Double
        var gradient: [[Double]]
    }
    var actor_critic: [ActorCritic]
    var action_values: [ActionValues]

    static func load() throws -> LossFixture {
        try JSONDecoder().decode(LossFixture.self, from: NetworkFixture.data("losses"))
    }
}

/// The results of a loss for arrays; NaN marks elements that it did not write.
struct LossResult: Equatable {
    var loss = Double.nan
    var sums: ActorCriticLoss.Sums?
    var gradient: [Float]
    var absoluteErrors: [Float]

    init(rows: Int, width: Int) {
        gradient = Array(repeating: .nan, count: rows * width)
        absoluteErrors = Array(repeating: .nan, count: rows)
    }

    static func of(
        _ loss: Loss, outputs: [Float], actions: [Int32], targets: [Float], weights: [Float]? = nil,
        reduction: Loss.Reduction = .mean, count: Int? = nil
    ) -> LossResult {
        var result = LossResult(rows: actions.count, width: outputs.count / actions.count)
        var (gradient, errors) = (result.gradient, result.absoluteErrors)
        outputs.withUnsafeBufferPointer { outputs in
            actions.withUnsafeBufferPointer { actions in
                targets.withUnsafeBufferPointer { targets in
                    gradient.withUnsafeMutableBufferPointer { gradient in
                        errors.withUnsafeMutableBufferPointer { errors in
                            func evaluate(_ weights: UnsafeBufferPointer<Float>?) -> Double {
                                loss.evaluate(
                                    outputs: outputs, actions: actions, targets: targets, gradient: gradient,
                                    weights: weights, absoluteErrors: errors, reduction: reduction, count: count)
                            }
                            result.loss =
                                weights.map { $0.withUnsafeBufferPointer { evaluate($0) } } ?? evaluate(nil)
                        }
                    }
                }
            }
        }
        (result.gradient, result.absoluteErrors) = (gradient, errors)
        return result
    }

    static func of(
        _ loss: ActorCriticLoss, outputs: [Float], actions: [Int32], returns: [Float], count: Int? = nil
    ) -> LossResult {
        var result = LossResult(rows: actions.count, width: outputs.count / actions.count)
        var gradient = result.gradient
        outputs.withUnsafeBufferPointer { outputs in
            actions.withUnsafeBufferPointer { actions in
                returns.withUnsafeBufferPointer { returns in
                    gradient.withUnsafeMutableBufferPointer { gradient in
                        result.sums = loss.evaluate(
                            outputs: outputs, actions: actions, returns: returns, gradient: gradient, count: count)
                    }
                }
            }
        }
        result.gradient = gradient
        return result
    }
}

@Suite struct LossTests {
    /// Compares with a tolerance of 1e-4 of the number, or of a hundredth if the number is close to zero.
    private func agree(_ value: Double, _ expected: Double) -> Bool {
        abs(value - expected) <= 1e-4 * max(abs(expected), 0.01)
    }

    @Test func actorCriticLossAgreesWithPyTorch() throws {
        let cases = try LossFixture.load().actor_critic
        #expect(cases.count == 3)
        for recorded in cases {
            let loss = ActorCriticLoss(
                entropyCoefficient: recorded.entropy_coefficient, valueCoefficient: recorded.value_coefficient)
            let result = LossResult.of(
                loss, outputs: Array(recorded.outputs.joined()), actions: recorded.actions, returns: recorded.returns)
            let sums = try #require(result.sums)
            #expect(agree(sums.policy, recorded.policy))
            #expect(agree(sums.value, recorded.value))
            #expect(agree(sums.entropy, recorded.entropy))
            for (index, expected) in recorded.gradient.joined().enumerated() {
                #expect(agree(Double(result.gradient[index]), expected), "\(index): \(result.gradient[index])")
            }
        }
    }

    @Test func theLargestFloatsGiveNoNaN() {
        let largest = Float.greatestFiniteMagnitude
        let loss = ActorCriticLoss(entropyCoefficient: 0.1, valueCoefficient: 0.5)
        for action in Int32(0)..<3 {
            let result = LossResult.of(
                loss, outputs: [largest, -largest, 0, 1], actions: [action], returns: [2])
            #expect(result.gradient.allSatisfy { $0.isFinite })
            #expect(result.sums?.entropy == 0)
            #expect(result.sums?.policy.isFinite == true)
        }
    }

    @Test func paddingOfARolloutGetsNoGradient() {
        let outputs: [Float] = [0.1, 0.7, 0.2, -1, 0.4, 1.5]
        let whole = LossResult.of(
            ActorCriticLoss(), outputs: outputs, actions: [0, 1], returns: [1, 2], count: 1)
        let first = LossResult.of(
            ActorCriticLoss(), outputs: Array(outputs.prefix(3)), actions: [0], returns: [1])
        #expect(whole.gradient == first.gradient + [0, 0, 0])
        #expect(whole.sums == first.sums)
        let none = LossResult.of(ActorCriticLoss(), outputs: outputs, actions: [0, 1], returns: [1, 2], count: 0)
        #expect(none.gradient.allSatisfy { $0 == 0 })
        #expect(none.sums == ActorCriticLoss.Sums())
    }

    @Test func weightedLossesAgreeWithPyTorch() throws {
        let cases = try LossFixture.load().action_values
        #expect(cases.count == 8)
        for recorded in cases {
            let result = LossResult.of(
                recorded.kind, outputs: Array(recorded.outputs.joined()), actions: recorded.actions,
                targets: recorded.targets, weights: recorded.weights,
                reduction: recorded.reduction == "sum" ? .sum : .mean, count: recorded.count)
            #expect(agree(result.loss, recorded.loss))
            for (index, expected) in recorded.gradient.joined().enumerated() {
                #expect(agree(Double(result.gradient[index]), expected), "\(recorded.kind) \(index)")
            }
            for (row, error) in result.absoluteErrors.enumerated() {
                let chosen = recorded.outputs[row][Int(recorded.actions[row])]
                #expect(error == (row < recorded.count ? abs(chosen - recorded.targets[row]) : 0))
            }
            // NaN in a padding row has no effect.
            var spoilt = Array(recorded.outputs.joined())
            for index in (recorded.count * 3)..<spoilt.count { spoilt[index] = .nan }
            let again = LossResult.of(
                recorded.kind, outputs: spoilt, actions: recorded.actions, targets: recorded.targets,
                weights: recorded.weights, reduction: recorded.reduction == "sum" ? .sum : .mean,
                count: recorded.count)
            #expect(again == result)
        }
    }

    @Test func unitWeightsChangeNoBit() {
        let outputs: [Float] = [0.3, 1.7, -0.9, 0.123456, 2.5, -3.1, 0.7, 1e-3, 5]
        for loss in Loss.allCases {
            for reduction in Loss.Reduction.allCases {
                let plain = LossResult.of(
                    loss, outputs: outputs, actions: [0, 2, 1], targets: [0.11, 2.2, 0.37], reduction: reduction)
                let weighted = LossResult.of(
                    loss, outputs: outputs, actions: [0, 2, 1], targets: [0.11, 2.2, 0.37], weights: [1, 1, 1],
                    reduction: reduction)
                #expect(plain == weighted)
            }
        }
    }

    @Test func theMeanKeepsItsArithmetic() {
        // The arithmetic of the first release: resumed runs depend on its bits.
        let outputs: [Float] = [0.3, 1.7, -0.9, 0.123456, 2.5, -3.1, 0.7, 1e-3, 5]
        let actions: [Int32] = [0, 2, 1]
        let targets: [Float] = [0.11, 2.2, 0.37]
        for loss in Loss.allCases {
            let result = LossResult.of(loss, outputs: outputs, actions: actions, targets: targets)
            let scale = 1 / Float(3)
            var sum = 0.0
            var gradient = [Float](repeating: 0, count: 9)
            for row in 0..<3 {
                let index = row * 3 + Int(actions[row])
                let error = outputs[index] - targets[row]
                switch loss {
                case .huber:
                    sum += Double(abs(error) < 1 ? 0.5 * error * error : abs(error) - 0.5)
                    gradient[index] = max(-1, min(1, error)) * scale
                case .squared:
                    sum += Double(error * error)
                    gradient[index] = 2 * error * scale
                }
            }
            #expect(result.gradient == gradient)
            #expect(result.loss == sum / 3)
        }
    }
}
