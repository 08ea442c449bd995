package import DQNModel

extension NetworkArchitecture {
    /// Returns the allowed action with the largest value in a row of this network's outputs, or the most probable one of an
    /// actor-critic; the lowest index among equals. Allocates nothing.
    ///
    /// - Parameter mask: Whether each action is allowed, at least one of them; `nil` allows all.
    package func greedyAction(
        of outputs: UnsafeBufferPointer<Float>, row: Int = 0, allowing mask: [Bool]? = nil
    ) -> Int {
        let (width, actions) = (outputCount, actionCount)
        precondition(mask.map { $0.count == actions } ?? true, "a mask has one entry per action")
        let values = UnsafeBufferPointer(rebasing: outputs[(row * width)..<((row + 1) * width)])
        // An actor-critic network appends the state's value to the logits of its policy.
        guard case .quantiles(_, let quantiles) = head, let base = values.baseAddress else {
            let values = UnsafeBufferPointer(rebasing: values[..<actions])
            guard let mask else { return values.indexOfMaximum }
            return mask.withUnsafeBytes { values.indexOfMaximum(allowing: $0) }
        }
        let loss = QuantileLoss(quantiles: quantiles)
        var (best, largest) = (-1, Float.zero)
        for action in 0..<actions where mask?[action] ?? true {
            let mean = loss.mean(base + action * quantiles)
            if best < 0 || mean > largest { (best, largest) = (action, mean) }
        }
        return max(best, 0)
    }
}
