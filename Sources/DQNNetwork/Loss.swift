/// A loss of Q-values against targets, over a batch.
public enum Loss: String, Sendable, Codable, CaseIterable {
    /// Huber with δ = 1: clips the **gradient** of the error at ±1 (Mnih 2015, "error clipping"); PyTorch's
    /// `smooth_l1_loss`.
    case huber
    /// The squared error δ²; PyTorch's `mse_loss`.
    case squared

    /// How the rows' losses become one.
    public enum Reduction: Sendable, CaseIterable {
        /// Their mean: the learning rate's meaning does not change with the batch size.
        case mean
        /// Their sum, as gradients accumulate over the steps of a worker (Mnih 2016).
        case sum
    }

    /// The loss of the first `count` rows; writes its gradient with respect to every output.
    ///
    /// Only the chosen action of each row gets a gradient, the others zero. O(outputs), nothing is allocated.
    /// - Parameters:
    ///   - outputs: Q-values, `actions.count` rows.
    ///   - actions: the action taken in each row.
    ///   - targets: what that action's value should be.
    ///   - gradient: as long as `outputs`.
    ///   - weights: multiply each row's loss, as the importance weights of prioritized replay do (Schaul 2016, section
    ///     3.4); the mean is still over the number of rows, not the sum of the weights. 1 if `nil`.
    ///   - absoluteErrors: where |Q − target| of each row goes, unweighted: the rows' next priorities.
    ///   - reduction: mean or sum over the rows.
    ///   - count: the rows that are filled; the others, padding, get no gradient and an error of zero. All if `nil`.
    public func evaluate(
        outputs: UnsafeBufferPointer<Float>, actions: UnsafeBufferPointer<Int32>, targets: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>, weights: UnsafeBufferPointer<Float>? = nil,
        absoluteErrors: UnsafeMutableBufferPointer<Float>? = nil, reduction: Reduction = .mean, count: Int? = nil
    ) -> Double {
        let rows = count ?? actions.count
        precondition((0...actions.count).contains(rows), "more rows than the batch has")
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
