public import DQNModel

/// One worker's state at a step boundary.
public struct WorkerState: Sendable {
    /// Where it stands.
    public var status: WorkerStatus
    /// Agent steps that this worker has taken; 0 where the file did not record them (1.0 with several workers).
    public var agentSteps: Int
    /// The ε at which this worker's exploration ends, where it was assigned one of its own.
    public var finalEpsilon: Double?
    /// What the training method holds for this worker besides its replay: private parameters, an open segment, an
    /// action already chosen, statistics of its own. `kind` is the method's name.
    public var learner: StateSnapshot?
    /// Random generators by purpose: `exploration`, `sampling`, `environment`; all xoshiro256++.
    public var generators: [String: RandomGenerator]
    /// The environment's own state, where it can give one.
    public var environment: StateSnapshot?
    /// The current observation, stacked as the network sees it; its newest frame is the environment's last.
    public var observation: Observation?
    /// Undiscounted return of the episode under way.
    public var episodeReturn: Double
    /// Agent steps of the episode under way.
    public var episodeLength: Int
    /// Returns of the worker's last ended episodes, oldest first, for the rolling mean.
    public var recentReturns: [Double]
    /// Lengths in agent steps of the same episodes.
    public var recentLengths: [Int]
    /// The replay, where the method has one.
    public var replay: ReplaySnapshot?
    /// Creates a state.
    public init(
        generators: [String: RandomGenerator], environment: StateSnapshot?, observation: Observation?,
        episodeReturn: Double, episodeLength: Int, recentReturns: [Double], recentLengths: [Int],
        replay: ReplaySnapshot?, status: WorkerStatus = .running, agentSteps: Int = 0, finalEpsilon: Double? = nil,
        learner: StateSnapshot? = nil
    ) {
        self.status = status
        self.agentSteps = agentSteps
        self.finalEpsilon = finalEpsilon
        self.learner = learner
        self.generators = generators
        self.environment = environment
        self.observation = observation
        self.episodeReturn = episodeReturn
        self.episodeLength = episodeLength
        self.recentReturns = recentReturns
        self.recentLengths = recentLengths
        self.replay = replay
    }
}

/// Where a worker stands in its run.
public enum WorkerStatus: String, Sendable, Codable, CaseIterable {
    /// It goes on from this very state.
    case running
    /// It has taken all the steps it was to take, and has given its replay back.
    case finished
    /// Its environment was lost: its episode cannot go on, the rest of it can.
    case abandoned
    /// The run went on with fewer workers: this one's state is kept as it was, for a resume with more.
    case resting
}
