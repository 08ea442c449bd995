/// What one step of an environment came to.
public struct StepOutcome: Sendable, Equatable {
    /// The reward that is learnt from: the environment's own, unless a wrapper has changed it.
    public var reward: Double
    /// The episode has ended in the environment's own terms: nothing of value lies beyond.
    public var terminated: Bool
    /// A time limit has cut the episode off: the final observation still has a value to bootstrap from.
    ///
    /// As in Gymnasium both flags are set when an episode terminates on the very step of its limit;
    /// ``terminated`` then decides.
    public var truncated: Bool
    /// Further figures by name; an empty dictionary allocates nothing.
    public var information: [String: Double]
    /// What the environment itself paid: returns that people compare are sums of this.
    public var rawReward: Double
    /// The episode has ended for learning alone, as at the loss of a life: the next `reset(seed: nil)` goes on with the
    /// same game.
    public var endsForLearningOnly: Bool

    /// Creates an outcome.
    ///
    /// - Parameter rawReward: what the environment itself paid; `nil` where that is `reward`.
    public init(
        reward: Double, terminated: Bool, truncated: Bool, information: [String: Double] = [:],
        rawReward: Double? = nil, endsForLearningOnly: Bool = false
    ) {
        self.reward = reward
        self.terminated = terminated
        self.truncated = truncated
        self.information = information
        self.rawReward = rawReward ?? reward
        self.endsForLearningOnly = endsForLearningOnly
    }

    /// Whether the episode is over, for either reason.
    public var ended: Bool { terminated || truncated }
    /// Whether the whole game is over, of which several episodes of learning may be parts.
    public var isGameOver: Bool { ended && !endsForLearningOnly }
}
