internal import DQNModel
internal import DQNNetwork
internal import Foundation

/// The targets and the loss of QR-DQN (Dabney 2018) for one mini-batch: each action's return is a distribution of N
/// equally likely values, its quantiles.
///
/// The target of a transition is the distribution r + γ θ⁻(s′, a*), where a* is the action with the largest mean by θ⁻ or,
/// with `double`, by θ′. With `munchausen` it is that of M-IQN (Vieillard 2020, appendix), with the policy of the means:
/// the value that quantile j of each action has, less τ ln π, is averaged over π.
final class QuantileRegression {
    private let loss: QuantileLoss
    private let actions: Int
    /// [rows, N].
    private let targets: UnsafeMutableBufferPointer<Float>
    /// The mean of each action's quantiles.
    private let means: UnsafeMutableBufferPointer<Float>
    /// The soft maximum of each quantile of one row.
    private let soft: UnsafeMutableBufferPointer<Double>

    init(quantiles: Int, actions: Int, rows: Int) {
        loss = QuantileLoss(quantiles: quantiles)
        self.actions = actions
        targets = .allocate(capacity: rows * quantiles)
        targets.initialize(repeating: 0)
        means = .allocate(capacity: actions)
        means.initialize(repeating: 0)
        soft = .allocate(capacity: quantiles)
        soft.initialize(repeating: 0)
    }

    deinit {
        targets.deallocate()
        means.deallocate()
        soft.deallocate()
    }

    /// The quantiles of one row of a network's outputs: [actions, N].
    private func quantiles(of outputs: UnsafeBufferPointer<Float>, row: Int) -> UnsafeBufferPointer<Float> {
        let width = actions * loss.quantiles
        return UnsafeBufferPointer(rebasing: outputs[(row * width)..<((row + 1) * width)])
    }

    /// Returns the action values of a row of a network's outputs, valid until the next call.
    func values(of outputs: UnsafeBufferPointer<Float>, row: Int) -> UnsafeBufferPointer<Float> {
        quantiles(of: outputs, row: row).writeMeans(ofEach: loss.quantiles, to: means)
        return UnsafeBufferPointer(means)
    }

    /// Writes the target of a row: reward + discount · θ⁻(s′, action).
    func writeTarget(
        _ row: Int, _ outputs: UnsafeBufferPointer<Float>, action: Int, reward: Float, discount: Float
    ) {
        let (count, quantiles) = (loss.quantiles, quantiles(of: outputs, row: row))
        for index in 0..<count {
            targets[row * count + index] = reward + discount * quantiles[action * count + index]
        }
    }

    /// Writes the target of a row of Munchausen learning, without the log-policy of the step itself.
    func writeSoftTarget(
        _ row: Int, _ outputs: UnsafeBufferPointer<Float>, _ munchausen: Munchausen, reward: Float, discount: Float
    ) {
        let (count, quantiles) = (loss.quantiles, quantiles(of: outputs, row: row))
        munchausen.writeSoftMaximum(of: quantiles, values: values(of: outputs, row: row), to: soft)
        for index in 0..<count { targets[row * count + index] = reward + discount * Float(soft[index]) }
    }

    /// Adds to the target of a row.
    func add(_ value: Float, to row: Int) {
        let count = loss.quantiles
        for index in 0..<count { targets[row * count + index] += value }
    }

    /// Returns the loss of a batch, and writes its gradient and the errors of the means.
    func evaluate(
        _ outputs: UnsafeBufferPointer<Float>, _ batch: ReplayBatch, gradient: UnsafeMutableBufferPointer<Float>,
        isPrioritized: Bool
    ) -> Double {
        loss.evaluate(
            outputs: outputs, actions: UnsafeBufferPointer(batch.actions), targets: UnsafeBufferPointer(targets),
            gradient: gradient, weights: isPrioritized ? UnsafeBufferPointer(batch.weights) : nil,
            absoluteErrors: isPrioritized ? batch.errors : nil)
    }
}
