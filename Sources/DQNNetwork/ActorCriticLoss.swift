internal import Foundation

/// The loss of advantage actor-critic: policy gradient, value error and entropy bonus (Mnih 2016, section 4 and
/// algorithm S3).
///
/// For a row with logits z, value V, action a and n-step return R it is
///
///     −log π(a)·(R − V)  −  entropyCoefficient·H(π)  +  valueCoefficient·(R − V)²
///
/// with π = softmax(z), and R and the advantage R − V of the first term taken as plain numbers. Rows are **summed**, as
/// the paper accumulates gradients over a rollout: twice as long a rollout, twice the gradient.
public struct ActorCriticLoss: Sendable, Equatable {
    /// β, the weight of the entropy, which keeps the policy from settling early; the paper's is 0.01.
    public var entropyCoefficient: Double
    /// The weight of the value's squared error: 0.5 makes its gradient V − R.
    public var valueCoefficient: Double

    /// Creates a loss; both coefficients are finite and not negative.
    public init(entropyCoefficient: Double = 0.01, valueCoefficient: Double = 0.5) {
        self.entropyCoefficient = entropyCoefficient
        self.valueCoefficient = valueCoefficient
    }

    /// The parts of the loss, each summed over the rows and without its coefficient.
    public struct Sums: Sendable, Equatable {
        /// −log π(a)·(R − V).
        public var policy: Double
        /// (R − V)².
        public var value: Double
        /// H(π) in nats.
        public var entropy: Double

        /// Creates sums, of no rows if nothing is given.
        public init(policy: Double = 0, value: Double = 0, entropy: Double = 0) {
            self.policy = policy
            self.value = value
            self.entropy = entropy
        }
    }

    /// The loss's parts over the first `count` rows; writes its gradient with respect to every output.
    ///
    /// Any finite outputs give a finite gradient, also where a probability is too small for a number and so zero: the
    /// entropy's 0·log 0 is 0. O(outputs), nothing is allocated.
    /// - Parameters:
    ///   - outputs: `actions.count` rows of an actor-critic network, logits first, then the value.
    ///   - actions: the action taken in each row.
    ///   - returns: the n-step return R of each row.
    ///   - gradient: as long as `outputs`.
    ///   - count: the rows that are filled; the others, padding of a short rollout, get no gradient. All if `nil`.
    public func evaluate(
        outputs: UnsafeBufferPointer<Float>, actions: UnsafeBufferPointer<Int32>, returns: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>, count: Int? = nil
    ) -> Sums {
        let count = count ?? actions.count
        precondition((0...actions.count).contains(count), "more rows than the batch has")
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

    /// One row, in double precision: the differences of any two floats are finite there.
    private func add(
        _ outputs: UnsafeBufferPointer<Float>, action: Int, target: Double,
        gradient: UnsafeMutableBufferPointer<Float>, to sums: inout Sums
    ) {
        let actions = outputs.count - 1
        precondition((0..<actions).contains(action), "an action that the network does not have")
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
