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
}
