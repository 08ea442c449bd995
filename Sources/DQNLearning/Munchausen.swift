internal import DQNNetwork
internal import Foundation

/// The constants of Munchausen learning (Vieillard 2020) and what it adds to a target.
///
/// The policy is the softmax of the target network's values, π = softmax(q / τ). The target of a step is
///
///     y = r + α·max(l₀, min(0, τ ln π(a|s))) + γ Σ π(a′|s′)·(q(s′, a′) − τ ln π(a′|s′))
///
/// The sum equals τ ln Σ exp(q(s′, ·) / τ), the soft maximum, and τ ln π(a|s) is q(s, a) less the soft maximum of s. Both
/// are computed from differences to the largest value, so that no exponential overflows, in double precision.
package struct Munchausen: Sendable, Equatable {
    /// α, the weight of the log-policy.
    package let weight: Double
    /// τ, the temperature of the policy.
    package let temperature: Double
    /// l₀, the smallest log-policy that counts; at most 0.
    package let minimum: Double

    /// Creates constants; the defaults are the paper's for Atari.
    package init(weight: Double = 0.9, temperature: Double = 0.03, minimum: Double = -1) {
        self.weight = weight
        self.temperature = temperature
        self.minimum = minimum
    }

    /// Returns τ ln Σ exp(q / τ), which is the largest value or a little more. O(actions); allocates nothing.
    package func softMaximum(_ values: UnsafeBufferPointer<Float>) -> Float {
        let largest = values[values.indexOfMaximum]
        var sum = 0.0
        for value in values { sum += exp((Double(value) - Double(largest)) / temperature) }
        return Float(Double(largest) + temperature * log(sum))
    }

    /// Writes the soft maximum of each quantile: the mean over π of the quantile of each action, less τ ln π.
    ///
    /// The probabilities sum to 1 in double precision, so that no fraction of a large value is lost or added.
    /// O(actions · N); allocates nothing.
    ///
    /// - Parameters:
    ///   - quantiles: [actions, N].
    ///   - values: The mean of each action's quantiles.
    ///   - result: N elements.
    package func writeSoftMaximum(
        of quantiles: UnsafeBufferPointer<Float>, values: UnsafeBufferPointer<Float>,
        to result: UnsafeMutableBufferPointer<Double>
    ) {
        let count = result.count
        result.update(repeating: 0)
        let largest = Double(values[values.indexOfMaximum])
        var sum = 0.0
        for value in values { sum += exp((Double(value) - largest) / temperature) }
        let logarithmOfSum = temperature * log(sum)
        for action in values.indices {
            let difference = Double(values[action]) - largest
            let probability = exp(difference / temperature) / sum
            guard probability > 0 else { continue }
            // τ ln π(a|s′)
            let logPolicy = difference - logarithmOfSum
            for index in 0..<count {
                result[index] += probability * (Double(quantiles[action * count + index]) - logPolicy)
            }
        }
    }

    /// Returns what the step from an observation with these values adds to the reward. O(actions); allocates nothing.
    package func bonus(_ values: UnsafeBufferPointer<Float>, action: Int) -> Float {
        let logPolicy = Double(values[action]) - Double(softMaximum(values))
        return Float(weight * max(minimum, min(0, logPolicy)))
    }
}

extension TrainingConfiguration {
    /// The constants of Munchausen learning; `nil` if it is off.
    var munchausenConstants: Munchausen? {
        guard munchausen else { return nil }
        return Munchausen(
            weight: munchausenWeight, temperature: munchausenTemperature, minimum: munchausenMinimum)
    }
}
