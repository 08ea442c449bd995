internal import Foundation

/// The loss of advantage actor-critic: policy gradient, value error and entropy bonus (Mnih 2016, section 4 and
/// algorithm S3).
///
/// For a row with logits z, value V, action a and n-step return R it is
///
///     −log π(a)·(R − V)  −  entropyCoefficient·H(π)  +  valueCoefficient·(R − V)²
///
/// with π = softmax(z). R, and the advantage R − V in the first term, are constants for the gradient. The loss is
/// **summed** over the rows, as the paper accumulates gradients over a rollout: a rollout of twice the length has twice
/// the gradient.
package struct ActorCriticLoss: Sendable, Equatable {
    /// β, the weight of the entropy, which discourages premature convergence of the policy; 0.01 in the paper.
    package var entropyCoefficient: Double
    /// The weight of the value's squared error; with 0.5 its gradient is V − R.
    package var valueCoefficient: Double

    /// Creates a loss. Both coefficients must be finite and not negative.
    package init(entropyCoefficient: Double = 0.01, valueCoefficient: Double = 0.5) {
        self.entropyCoefficient = entropyCoefficient
        self.valueCoefficient = valueCoefficient
    }

    /// The parts of the loss, each summed over the rows and without its coefficient.
    package struct Sums: Sendable, Equatable {
        /// −log π(a)·(R − V).
        package var policy: Double
        /// (R − V)².
        package var value: Double
        /// H(π) in nats.
        package var entropy: Double

        /// Creates sums.
        package init(policy: Double = 0, value: Double = 0, entropy: Double = 0) {
            self.policy = policy
            self.value = value
            self.entropy = entropy
        }
    }

    /// Returns the parts of the loss over the first `count` rows, and writes its gradient with respect to every output.
    ///
    /// Finite outputs give a finite gradient, even if a probability underflows to zero: 0·log 0 counts as 0.
    /// O(outputs); allocates nothing.
    ///
    /// - Parameters:
    ///   - outputs: `actions.count` rows of an actor-critic network: the logits, then the value.
    ///   - actions: The action taken in each row.
    ///   - returns: The n-step return R of each row.
    ///   - gradient: Receives the gradient; as long as `outputs`.
    ///   - count: The number of rows in use; the others are padding and get no gradient. `nil` uses all.
    package func evaluate(
        outputs: UnsafeBufferPointer<Float>, actions: UnsafeBufferPointer<Int32>, returns: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>, count: Int? = nil
    ) -> Sums {
        let count = count ?? actions.count
        precondition((0...actions.count).contains(count), "count must not exceed the rows of the batch")
        gradient.update(repeating: 0)
        var sums = Sums()
        guard count > 0 else { return sums }
        let width = outputs.count / actions.count
        for row in 0..<count {
            let rows = (row * width)..<((row + 1) * width)
            add(
                UnsafeBufferPointer(rebasing: outputs[rows]), action: Int(actions[row]), target: Double(returns[row]),
                gradient: UnsafeMutableBufferPointer(rebasing: gradient[rows]), to: &sums)
        }
        return sums
    }

    /// Adds one row, in double precision, where the difference of any two floats is finite.
    private func add(
        _ outputs: UnsafeBufferPointer<Float>, action: Int, target: Double,
        gradient: UnsafeMutableBufferPointer<Float>, to sums: inout Sums
    ) {
        let actions = outputs.count - 1
        precondition((0..<actions).contains(action), "each action must be one of the network's")
        let softmax = LogSoftmax(UnsafeBufferPointer(rebasing: outputs[0..<actions]))
        let advantage = target - Double(outputs[actions])
        sums.policy -= softmax[action] * advantage
        sums.value += advantage * advantage
        sums.entropy += softmax.entropy
        for index in 0..<actions {
            let logarithm = softmax[index]
            let probability = exp(logarithm)
            // ∂(−log π(a))/∂z = π − 1(a) and ∂(−H)/∂z = π (log π + H).
            let policy = (probability - (index == action ? 1 : 0)) * advantage
            let entropy = probability * (logarithm + softmax.entropy)
            gradient[index] = Float(policy + entropyCoefficient * entropy)
        }
        gradient[actions] = Float(-2 * valueCoefficient * advantage)
    }
}
