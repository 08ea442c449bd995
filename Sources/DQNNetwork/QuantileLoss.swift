/// The quantile Huber loss with κ = 1 of a distribution of returns (Dabney 2018, equation 10 and algorithm 1).
///
/// An action's value is a row of N quantiles θ₁ … θ_N at the fractions τ̂ᵢ = (2i − 1) / 2N, and the target a row of N
/// values T₁ … T_N. With u = Tⱼ − θᵢ and the Huber loss L, a row has the loss
///
///     Σᵢ 1/N Σⱼ |τ̂ᵢ − 1{u < 0}| · L(u)
///
/// The mean of an action's quantiles is its value Q(s, a).
package struct QuantileLoss: Sendable, Equatable {
    /// N, the number of quantiles.
    package let quantiles: Int

    /// Creates a loss for the given number of quantiles.
    package init(quantiles: Int) {
        precondition(quantiles > 0, "a distribution has at least one quantile")
        self.quantiles = quantiles
    }

    /// Returns the mean loss over the rows, and writes its gradient with respect to every output.
    ///
    /// Only the action taken in each row gets a gradient. O(rows · N²); allocates nothing.
    ///
    /// - Parameters:
    ///   - outputs: [rows, actions, N]: the quantiles of every action.
    ///   - actions: The action taken in each row.
    ///   - targets: [rows, N]: the targets of that action's quantiles, in any order.
    ///   - gradient: Receives the gradient; as long as `outputs`.
    ///   - weights: A factor for each row's loss; see ``Loss/evaluate(outputs:actions:targets:gradient:weights:absoluteErrors:reduction:count:)``.
    ///   - absoluteErrors: Receives |mean θ − mean T| of each row, the temporal-difference error of Q.
    package func evaluate(
        outputs: UnsafeBufferPointer<Float>, actions: UnsafeBufferPointer<Int32>, targets: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>, weights: UnsafeBufferPointer<Float>? = nil,
        absoluteErrors: UnsafeMutableBufferPointer<Float>? = nil
    ) -> Double {
        gradient.update(repeating: 0)
        let rows = actions.count
        guard rows > 0, let outputs = outputs.baseAddress, let targets = targets.baseAddress,
            let gradients = gradient.baseAddress
        else { return 0 }
        let width = gradient.count / rows
        let scale = 1 / Float(rows)
        var sum = 0.0
        for row in 0..<rows {
            let start = row * width + Int(actions[row]) * quantiles
            precondition(start + quantiles <= gradient.count, "each action must be one of the network's")
            let target = targets + row * quantiles
            let weight = weights?[row] ?? 1
            sum += Double(weight) * add(outputs + start, target, gradients + start, scale: weight * scale)
            absoluteErrors?[row] = abs(mean(outputs + start) - mean(target))
        }
        return sum / Double(rows)
    }

    /// Returns the loss of one row, and writes its gradient, times `scale`.
    private func add(
        _ values: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>,
        scale: Float
    ) -> Double {
        let share = 1 / Float(quantiles)
        var sum = 0.0
        for index in 0..<quantiles {
            let value = values[index]
            let fraction = (Float(index) + 0.5) * share
            var loss: Float = 0
            var slope: Float = 0
            for other in 0..<quantiles {
                let error = targets[other] - value
                let weight = error < 0 ? 1 - fraction : fraction
                let clipped = max(-1, min(1, error))
                // ½u² within ±1, |u| − ½ beyond.
                loss += weight * clipped * (error - 0.5 * clipped)
                slope += weight * clipped
            }
            sum += Double(loss * share)
            gradient[index] = -slope * share * scale
        }
        return sum
    }

    /// The mean of a row of quantiles: the value of an action.
    package func mean(_ values: UnsafePointer<Float>) -> Float {
        var sum: Float = 0
        for index in 0..<quantiles { sum += values[index] }
        return sum / Float(quantiles)
    }
}
