/// A loss of Q-values against targets, averaged over the batch.
public enum Loss: String, Sendable, Codable, CaseIterable {
    /// Huber with δ = 1: clips the **gradient** of the error at ±1 (Mnih 2015, "error clipping"); PyTorch's
    /// `smooth_l1_loss`.
    case huber
    /// The squared error δ²; PyTorch's `mse_loss`.
    case squared

    /// The mean loss over the batch; writes its gradient with respect to every output.
    ///
    /// Only the chosen action of each row gets a gradient, the others zero. The mean, not the sum, is taken:
    /// the learning rate's meaning does not change with the batch size.
    /// - Parameters:
    ///   - outputs: Q-values, `actions.count` rows.
    ///   - actions: the action taken in each row.
    ///   - targets: what that action's value should be.
    ///   - gradient: as long as `outputs`.
    public func evaluate(
        outputs: UnsafeBufferPointer<Float>, actions: UnsafeBufferPointer<Int32>, targets: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) -> Double {
        let rows = actions.count
        let width = outputs.count / rows
        let scale = 1 / Float(rows)
        var sum = 0.0
        gradient.update(repeating: 0)
        for row in 0..<rows {
            let index = row * width + Int(actions[row])
            let error = outputs[index] - targets[row]
            switch self {
            case .huber:
                let size = abs(error)
                sum += Double(size < 1 ? 0.5 * error * error : size - 0.5)
                gradient[index] = max(-1, min(1, error)) * scale
            case .squared:
                sum += Double(error * error)
                gradient[index] = 2 * error * scale
            }
        }
        return sum / Double(rows)
    }
}
