package import DQNModel

/// Divides each reward by the standard deviation of the discounted return so far: `reward-normalize` or
/// `reward-normalize:GAMMA`; in training only.
///
/// It computes what Gymnasium's `NormalizeReward` does, to the last bit: the return R ← γ·R·(1 − terminated) + r runs on
/// across truncated episodes, its variance is a running one over all steps (it starts at 1 with a weight of 10⁻⁴), and
/// the reward becomes r/√(variance + 10⁻⁸). ``StepOutcome/rawReward`` keeps the environment's reward. Each worker has
/// statistics of its own.
package struct RewardNormalize: EnvironmentWrapper {
    /// The discount factor of the return unless the setting names another.
    package static let standardDiscount = 0.99
    private static let epsilon = 1e-8

    /// The inner environment.
    package var inner: any Environment
    /// The discount factor γ of the return.
    package let discount: Double
    /// `reward-normalize` or `reward-normalize:0.9`.
    package let text: String
    private var statistics = Statistics()

    /// The running moments of the return.
    private struct Statistics {
        var mean = 0.0
        var variance = 1.0
        var count = 1e-4
        /// The discounted return so far.
        var discounted = 0.0

        /// Adds the present return, in the operations of Gymnasium's `RunningMeanStd`.
        mutating func update() {
            let difference = discounted - mean
            let total = count + 1
            mean += difference * 1 / total
            let squares = variance * count + 0 + difference * difference * count * 1 / total
            variance = squares / total
            count = total
        }
    }

    /// Wraps an environment.
    ///
    /// - Precondition: `discount` is from 0 to 1.
    package init(_ environment: any Environment, discount: Double = RewardNormalize.standardDiscount) {
        precondition((0...1).contains(discount), "a discount factor is from 0 to 1")
        inner = environment
        self.discount = discount
        text = WrapperSetting.rewardNormalize(discount: discount).text
    }

    /// Steps the inner environment and normalises the reward.
    package mutating func step(_ action: Int) throws -> StepOutcome {
        var outcome = try inner.step(action)
        statistics.discounted = statistics.discounted * discount * (outcome.terminated ? 0 : 1) + outcome.reward
        statistics.update()
        outcome.reward /= (statistics.variance + Self.epsilon).squareRoot()
        return outcome
    }

    /// The inner state, and `statistics`: mean, variance, count and discounted return.
    package func snapshot() throws -> StateSnapshot? {
        let values = [statistics.mean, statistics.variance, statistics.count, statistics.discounted]
        return try snapshot(with: ["statistics": .float64(values)])
    }

    /// Restores a snapshot.
    package mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = try snapshot.float64("statistics", count: 4)
        guard stored.allSatisfy(\.isFinite), stored[1] >= 0, stored[2] > 0 else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "A snapshot of \(text) must have a finite mean, variance, count and return; found \(stored).")
        }
        try inner.restore(state)
        statistics = Statistics(mean: stored[0], variance: stored[1], count: stored[2], discounted: stored[3])
    }
}
