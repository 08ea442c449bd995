internal import Foundation

/// A policy whose action probabilities are the softmax of logits.
package enum SoftmaxPolicy {
    /// Returns the action that corresponds to a uniform random number: `i` with probability exp(zᵢ) / Σ exp(z).
    ///
    /// For finite logits the result always has a probability above zero in double precision. O(logits); allocates
    /// nothing.
    ///
    /// - Parameters:
    ///   - logits: At least one logit; for an actor-critic network, a row without its last output, the value.
    ///   - uniform: At least 0 and below 1.
    package static func sample(_ logits: UnsafeBufferPointer<Float>, uniform: Double) -> Int {
        let softmax = LogSoftmax(logits)
        var cumulative = 0.0
        // Because of rounding the sum may stay below `uniform`: then the last action with a probability is taken.
        var choice = logits.indexOfMaximum
        for index in logits.indices {
            let probability = exp(softmax[index])
            guard probability > 0 else { continue }
            choice = index
            cumulative += probability
            if cumulative > uniform { break }
        }
        return choice
    }
}

extension SoftmaxPolicy {
    /// Returns the allowed action that corresponds to a uniform random number, as ``sample(_:uniform:)`` does for the
    /// logits of the allowed actions alone. Allocates if there is a mask.
    ///
    /// - Parameter mask: Whether each action is allowed, at least one of them; `nil` allows all.
    package static func sample(_ logits: UnsafeBufferPointer<Float>, allowing mask: [Bool]?, uniform: Double) -> Int {
        guard let mask else { return sample(logits, uniform: uniform) }
        let allowed = logits.indices.filter { mask[$0] }
        let choice = allowed.map { logits[$0] }.withUnsafeBufferPointer { sample($0, uniform: uniform) }
        return allowed[choice]
    }

    /// Returns the entropy of the action probabilities in nats; O(logits).
    package static func entropy(_ logits: UnsafeBufferPointer<Float>) -> Double { LogSoftmax(logits).entropy }
}

/// The logarithms of a softmax's probabilities, in double precision; finite logits do not overflow.
struct LogSoftmax {
    private let logits: UnsafeBufferPointer<Float>
    private let maximum: Double
    private let logarithmOfSum: Double
    /// H = −Σ π log π in nats.
    let entropy: Double

    init(_ logits: UnsafeBufferPointer<Float>) {
        self.logits = logits
        let maximum = Double(logits[logits.indexOfMaximum])
        var sum = 0.0
        var weighted = 0.0
        for logit in logits {
            // At most zero, so that exp is at most one; if exp is zero, the product is zero too.
            let difference = Double(logit) - maximum
            let weight = exp(difference)
            sum += weight
            weighted += weight * difference
        }
        self.maximum = maximum
        logarithmOfSum = log(sum)
        entropy = logarithmOfSum - weighted / sum
    }

    /// log π of the action with the given index.
    subscript(index: Int) -> Double { Double(logits[index]) - maximum - logarithmOfSum }
}
