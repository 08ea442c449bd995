import DQNModel
import DQNNetwork
import Foundation
import Testing

@Suite struct SoftmaxPolicyTests {
    private func sample(_ logits: [Float], _ uniform: Double) -> Int {
        logits.withUnsafeBufferPointer { SoftmaxPolicy.sample($0, uniform: uniform) }
    }

    @Test func aUniformNumberSelectsTheActionOfItsShare() {
        // Probabilities 1/7, 2/7, 4/7.
        let logits: [Float] = [0, log(2), log(4)].map { Float($0 as Double) + 3 }
        let seventh = 1.0 / 7
        for (uniform, action) in [
            (0, 0), (0.99 * seventh, 0), (1.01 * seventh, 1), (2.99 * seventh, 1), (3.01 * seventh, 2),
            (1.0.nextDown, 2),
        ] { #expect(sample(logits, uniform) == action, "\(uniform)") }
    }

    @Test func frequenciesMatchProbabilities() {
        let logits: [Float] = [1.2, -0.4, 0.3, 2]
        let weights = logits.map { exp(Double($0)) }
        let total = weights.reduce(0, +)
        var counts = [Int](repeating: 0, count: 4)
        var generator = RandomGenerator(seed: 21)
        let draws = 100_000
        for _ in 0..<draws { counts[sample(logits, generator.uniform())] += 1 }
        for (count, weight) in zip(counts, weights) {
            let expected = Double(draws) * weight / total
            // Five standard deviations.
            #expect(abs(Double(count) - expected) < 5 * expected.squareRoot(), "\(counts)")
        }
    }

    @Test func aMaskLeavesTheSharesOfTheAllowedActions() {
        // Without action 2, probabilities 1/3 and 2/3; the largest logit and an extreme one are not allowed.
        let logits: [Float] = [0, Float(log(2.0)), 50, .greatestFiniteMagnitude]
        let mask = [true, true, false, false]
        for (uniform, action) in [(0, 0), (0.333, 0), (0.334, 1), (1.0.nextDown, 1)] {
            let choice = logits.withUnsafeBufferPointer { SoftmaxPolicy.sample($0, allowing: mask, uniform: uniform) }
            #expect(choice == action, "\(uniform)")
        }
        for uniform in [0, 0.5, 1.0.nextDown] {
            logits.withUnsafeBufferPointer {
                #expect(SoftmaxPolicy.sample($0, allowing: nil, uniform: uniform) == sample(logits, uniform))
                #expect(SoftmaxPolicy.sample($0, allowing: [false, false, true, false], uniform: uniform) == 2)
            }
        }
    }

    @Test func extremeLogitsGiveAPossibleAction() {
        let largest = Float.greatestFiniteMagnitude
        for uniform in [0, 0.5, 1.0.nextDown] {
            #expect(sample([-1e4, 1e4, 0], uniform) == 1)
            #expect(sample([largest, -largest], uniform) == 0)
            #expect(sample([-largest, -largest, largest, -largest], uniform) == 2)
            #expect(sample([-1e4], uniform) == 0)
        }
        #expect(sample([-1e4, -1e4], 0.25) == 0)
        #expect(sample([-1e4, -1e4], 0.75) == 1)
    }

    @Test func roundingStillGivesAValidAction() {
        // For some counts the rounded sum of the shares stays below one: the largest uniform number must still select
        // an action.
        for count in 1...300 {
            let logits = (0..<count).map { Float(sin(Double($0))) }
            #expect(sample(logits, 1.0.nextDown) == count - 1)
            // An action without a probability is never the fallback.
            #expect(sample(logits + [-1e4], 1.0.nextDown) == count - 1)
        }
    }

    @Test func nonFiniteLogitsStillGiveAnIndex() {
        for logits: [Float] in [[.nan, .nan], [1, .nan, 2], [.infinity, 0], [-.infinity, -.infinity]] {
            #expect(logits.indices.contains(sample(logits, 0.5)))
        }
    }
}
