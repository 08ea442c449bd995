package import DQNModel

extension NetworkArchitecture {
    /// Returns the action with the largest value in a row of this network's outputs, or the most probable action of an
    /// actor-critic; the lowest index among equals. Allocates nothing.
    package func greedyAction(of outputs: UnsafeBufferPointer<Float>, row: Int = 0) -> Int {
        let (width, actions) = (outputCount, actionCount)
        let values = UnsafeBufferPointer(rebasing: outputs[(row * width)..<((row + 1) * width)])
        // An actor-critic network appends the state's value to the logits of its policy.
        guard case .quantiles(_, let quantiles) = head, let base = values.baseAddress else {
            return UnsafeBufferPointer(rebasing: values[..<actions]).indexOfMaximum
        }
        let loss = QuantileLoss(quantiles: quantiles)
        var (best, largest) = (0, loss.mean(base))
        for action in 1..<max(1, actions) {
            let mean = loss.mean(base + action * quantiles)
            if mean > largest { (best, largest) = (action, mean) }
        }
        return best
    }

    /// Returns the allowed action with the largest value, or probability, in one row of this network's outputs; the lowest
    /// index among equals. Allocates nothing.
    ///
    /// - Parameter mask: Whether each action is allowed, at least one of them; `nil` allows all.
    package func greedyAction(of outputs: UnsafeBufferPointer<Float>, allowing mask: [Bool]?) -> Int {
        guard let mask, let base = outputs.baseAddress else { return greedyAction(of: outputs) }
        precondition(mask.count == actionCount, "a mask has one entry per action")
        var (best, largest) = (-1, Float.zero)
        for action in 0..<actionCount where mask[action] {
            var value = outputs[action]
            if case .quantiles(_, let quantiles) = head {
                value = QuantileLoss(quantiles: quantiles).mean(base + action * quantiles)
            }
            if best < 0 || value > largest { (best, largest) = (action, value) }
        }
        return max(best, 0)
    }
}
