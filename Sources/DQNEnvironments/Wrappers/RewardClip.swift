internal import DQNModel

/// Makes each reward 1, 0 or −1 by its sign (Mnih 2015): `reward-clip`; in training only.
///
/// ``StepOutcome/rawReward`` stays what the environment paid.
public struct RewardClip: EnvironmentWrapper {
    /// The environment inside.
    public var inner: any Environment
    /// `reward-clip`.
    public var text: String { WrapperSetting.rewardClip.text }

    /// Puts the wrapper around an environment.
    public init(_ environment: any Environment) { inner = environment }

    /// Steps the inner environment and clips the reward.
    public mutating func step(_ action: Int) throws -> StepOutcome {
        var outcome = try inner.step(action)
        outcome.reward = outcome.reward > 0 ? 1 : outcome.reward < 0 ? -1 : outcome.reward
        return outcome
    }
}
