public import DQNModel

/// What an environment is called and what it takes and gives.
public struct EnvironmentSpecification: Sendable, Equatable {
    /// The registered name, with Gymnasium's version suffix: `CartPole-v1`.
    public var id: String
    /// Shape and element type of one observation, before any stacking.
    public var observationSpace: ObservationSpace
    /// Number of discrete actions; actions are `0..<actionCount`.
    public var actionCount: Int
    /// What each action does, in a word or two.
    public var actionMeanings: [String]
    /// Agent steps after which an episode is truncated; `nil` where episodes end by themselves.
    public var maximumEpisodeSteps: Int?
    /// Mean return at which the task counts as solved, where its authors name one.
    public var rewardThreshold: Double?
    /// How many consecutive observations a network should see together; 1 where one tells all.
    public var defaultFrameStack: Int
    /// Environment frames that one agent step takes: the action repeat.
    public var framesPerStep: Int
    /// What runs the environment, by names of letters and underscores, as `gymnasium` with its version: where a run goes on
    /// with another, the environment may go on differently. Empty for the built-in ones.
    public var provenance: [String: String]

    /// Creates a specification; ``actionCount`` is the number of meanings.
    public init(
        id: String, observationSpace: ObservationSpace, actionMeanings: [String], maximumEpisodeSteps: Int? = nil,
        rewardThreshold: Double? = nil, defaultFrameStack: Int = 1, framesPerStep: Int = 1,
        provenance: [String: String] = [:]
    ) {
        self.id = id
        self.observationSpace = observationSpace
        self.actionCount = actionMeanings.count
        self.actionMeanings = actionMeanings
        self.maximumEpisodeSteps = maximumEpisodeSteps
        self.rewardThreshold = rewardThreshold
        self.defaultFrameStack = defaultFrameStack
        self.framesPerStep = framesPerStep
        self.provenance = provenance
    }
}
