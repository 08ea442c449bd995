/// The loss of Q-values against targets over a batch.
public enum Loss: String, Sendable, Codable, CaseIterable {
    /// The Huber loss with δ = 1, which clips the **gradient** of the error to ±1 (Mnih 2015, "error clipping");
    /// PyTorch's `smooth_l1_loss`.
    case huber
    /// The squared error δ²; PyTorch's `mse_loss`.
    case squared

    /// How the losses of the rows are combined.
    public enum Reduction: Sendable, CaseIterable {
        /// Their mean, so that the learning rate does not depend on the batch size.
        case mean
        /// Their sum, as gradients accumulate over the steps of a worker (Mnih 2016).
        case sum
    }

    /// Returns the loss of the first `count` rows, and writes its gradient with respect to every output.
    ///
    /// Only the action taken in each row gets a gradient; all others get zero. O(outputs); allocates nothing.
    ///
    /// - Parameters:
    ///   - outputs: Q-values in `actions.count` rows.
    ///   - actions: The action taken in each row.
    ///   - targets: The learning target of that action's value.
    ///   - gradient: Receives the gradient; as long as `outputs`.
    ///   - weights: A factor for each row's loss, such as the importance weights of prioritized replay (Schaul 2016,
    ///     section 3.4). The mean still divides by the number of rows, not by the sum of the weights. `nil` means 1.
    ///   - absoluteErrors: Receives |Q − target| of each row, without the weight: the next priorities.
    ///   - reduction: The mean or the sum over the rows.
    ///   - count: The number of rows in use; the others are padding and get no gradient and an error of zero. `nil`
    ///     uses all.
    public func evaluate(
        outputs: UnsafeBufferPointer<Float>, actions: UnsafeBufferPointer<Int32>, targets: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>, weights: UnsafeBufferPointer<Float>? = nil,
        absoluteErrors: UnsafeMutableBufferPointer<Float>? = nil, reduction: Reduction = .mean, count: Int? = nil
    ) -> Double {
        let rows = count ?? actions.count
        precondition((0...actions.count).contains(rows), "count must not exceed the rows of the batch")
        gradient.update(repeating: 0)
        absoluteErrors?.update(repeating: 0)
        guard rows > 0 else { return 0 }
        let width = outputs.count / actions.count
        let scale = reduction == .mean ? 1 / Float(rows) : 1
        var sum = 0.0
        for row in 0..<rows {
            let index = row * width + Int(actions[row])
            let error = outputs[index] - targets[row]
            let weight = weights?[row] ?? 1
            absoluteErrors?[row] = abs(error)
            switch self {
            case .huber:
                let size = abs(error)
                sum += Double(weight * (size < 1 ? 0.5 * error * error : size - 0.5))
                gradient[index] = max(-1, min(1, error)) * (weight * scale)
            case .squared:
                sum += Double(weight * (error * error))
                gradient[index] = 2 * error * (weight * scale)
            }
        }
        return reduction == .mean ? sum / Double(rows) : sum
    }
}
