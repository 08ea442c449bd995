internal import DQNModel

/// Replaces each reward by its sign, 1, 0 or −1 (Mnih 2015): `reward-clip`; in training only.
///
/// ``StepOutcome/rawReward`` keeps the environment's reward.
package struct RewardClip: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// `reward-clip`.
    package var text: String { WrapperSetting.rewardClip.text }

    /// Wraps an environment.
    package init(_ environment: any Environment) { inner = environment }

    /// Steps the inner environment and clips the reward.
    package mutating func step(_ action: Int) throws -> StepOutcome {
        var outcome = try inner.step(action)
        outcome.reward = outcome.reward > 0 ? 1 : outcome.reward < 0 ? -1 : outcome.reward
        return outcome
    }
}
