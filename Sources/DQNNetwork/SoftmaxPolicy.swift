internal import Foundation

/// Actions by the probabilities of a softmax over logits.
public enum SoftmaxPolicy {
    /// The action that a uniform number stands for: `i` with probability exp(zᵢ) / Σ exp(z).
    ///
    /// Always an index of `logits`, never one whose probability is zero in double precision, for any finite logits;
    /// O(logits), nothing is allocated.
    /// - Parameters:
    ///   - logits: at least one logit; for an actor-critic network a row without its last output, the value.
    ///   - uniform: from 0 up to, not including, 1.
    public static func sample(_ logits: UnsafeBufferPointer<Float>, uniform: Double) -> Int {
        let softmax = LogSoftmax(logits)
        var cumulative = 0.0
        // The sum of all may stay below `uniform` by rounding: then it is the last that has a probability.
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

/// The logarithms of a softmax's probabilities, in double precision and without overflow for any finite logits.
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
            // At most zero, so that exp is at most one; and where exp is zero the product is zero, too.
            let difference = Double(logit) - maximum
            let weight = exp(difference)
            sum += weight
            weighted += weight * difference
        }
        self.maximum = maximum
        logarithmOfSum = log(sum)
        entropy = logarithmOfSum - weighted / sum
    }

    /// log π of an index.
    subscript(index: Int) -> Double { Double(logits[index]) - maximum - logarithmOfSum }
}
