public import DQNModel

/// What a worker with several environments keeps for each of them but the first, at a step boundary.
public struct SubEnvironmentState: Sendable {
    /// The state of the environment, if it supports snapshots.
    public var environment: StateSnapshot?
    /// The current observation with its frame stack, as the network sees it.
    public var observation: Observation?
    /// Which actions the current observation allows, a byte for each, 0 or 1; `nil` if all.
    public var actionMask: [UInt8]?
    /// Undiscounted return of the current episode so far.
    public var episodeReturn: Double
    /// Agent steps of the current episode so far.
    public var episodeLength: Int
    /// The environment's part of the replay, if the method uses one.
    public var replay: ReplaySnapshot?

    /// Creates a state.
    public init(
        environment: StateSnapshot? = nil, observation: Observation? = nil, actionMask: [UInt8]? = nil,
        episodeReturn: Double = 0, episodeLength: Int = 0, replay: ReplaySnapshot? = nil
    ) {
        self.environment = environment
        self.observation = observation
        self.actionMask = actionMask
        self.episodeReturn = episodeReturn
        self.episodeLength = episodeLength
        self.replay = replay
    }
}
