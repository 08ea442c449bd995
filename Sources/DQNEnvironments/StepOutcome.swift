/// What one step of an environment came to.
public struct StepOutcome: Sendable, Equatable {
    /// The reward, unclipped.
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

    /// Creates an outcome.
    public init(reward: Double, terminated: Bool, truncated: Bool, information: [String: Double] = [:]) {
        self.reward = reward
        self.terminated = terminated
        self.truncated = truncated
        self.information = information
    }

    /// Whether the episode is over, for either reason.
    public var ended: Bool { terminated || truncated }
}
