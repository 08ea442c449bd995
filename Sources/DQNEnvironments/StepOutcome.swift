/// The result of one step of an environment.
public struct StepOutcome: Sendable, Equatable {
    /// The reward that an agent learns from: the environment's own, unless a wrapper changed it.
    public var reward: Double
    /// Whether the episode has ended in a terminal state: later rewards are 0.
    public var terminated: Bool
    /// Whether a time limit has ended the episode: the final observation still has a value to bootstrap from.
    ///
    /// As in Gymnasium both flags are set if an episode terminates on the step of its limit; ``terminated``
    /// then decides.
    public var truncated: Bool
    /// The environment's own reward: published returns are sums of it.
    public var rawReward: Double
    /// Whether the episode has ended for learning only, for example because a life was lost: the next `reset(seed:
    /// nil)` continues the same game.
    package var endsForLearningOnly: Bool

    /// Creates an outcome.
    ///
    /// - Parameter reward: the reward that an agent learns from.
    /// - Parameter terminated: whether the episode has ended in a terminal state.
    /// - Parameter truncated: whether a time limit has ended the episode.
    /// - Parameter rawReward: the environment's own reward; `nil` if it equals `reward`.
    /// - Parameter endsForLearningOnly: whether the same game continues after the next reset.
    public init(
        reward: Double, terminated: Bool, truncated: Bool, rawReward: Double? = nil, endsForLearningOnly: Bool = false
    ) {
        self.reward = reward
        self.terminated = terminated
        self.truncated = truncated
        self.rawReward = rawReward ?? reward
        self.endsForLearningOnly = endsForLearningOnly
    }

    /// Whether the episode has ended, for either reason.
    public var ended: Bool { terminated || truncated }
    /// Whether the whole game has ended, which may consist of several learning episodes.
    package var isGameOver: Bool { ended && !endsForLearningOnly }
}
