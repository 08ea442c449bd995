internal import DQNModel

/// Multiplies each reward by a factor: `reward-scale:0.1`; in training only.
///
/// ``StepOutcome/rawReward`` keeps the environment's reward.
package struct RewardScale: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// The factor of each reward.
    package let factor: Double
    /// `reward-scale:0.1`.
    package var text: String { WrapperSetting.rewardScale(factor: factor).text }

    /// Wraps an environment.
    package init(_ environment: any Environment, factor: Double) {
        inner = environment
        self.factor = factor
    }

    /// Steps the inner environment and multiplies the reward.
    package mutating func step(_ action: Int) throws -> StepOutcome {
        var outcome = try inner.step(action)
        outcome.reward *= factor
        return outcome
    }
}
