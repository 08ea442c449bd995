public import DQNModel

/// The state of one worker at a step boundary.
public struct WorkerState: Sendable {
    /// Whether the worker is running, finished, abandoned or resting.
    public var status: WorkerStatus
    /// Agent steps that this worker has taken; 0 if the file does not record them (1.0 with several workers).
    public var agentSteps: Int
    /// The final ε of this worker's exploration, if the method assigns one per worker.
    public var finalEpsilon: Double?
    /// The state that the training method keeps for this worker beside the replay: private parameters, an open segment,
    /// an action already chosen, optimiser statistics. `kind` is the name of the method.
    public var learner: StateSnapshot?
    /// Random generators by purpose: `exploration`, `sampling`, `environment`; all xoshiro256++.
    public var generators: [String: RandomGenerator]
    /// The state of the environment, if it supports snapshots; of the first one if the worker has several.
    public var environment: StateSnapshot?
    /// The current observation with its frame stack, as the network sees it.
    public var observation: Observation?
    /// Which actions the current observation allows, a byte for each, 0 or 1; `nil` if all.
    public var actionMask: [UInt8]?
    /// Undiscounted return of the current episode so far.
    public var episodeReturn: Double
    /// Agent steps of the current episode so far.
    public var episodeLength: Int
    /// Returns of the worker's most recent finished episodes, oldest first, for the rolling mean.
    public var recentReturns: [Double]
    /// Lengths of the same episodes in agent steps.
    public var recentLengths: [Int]
    /// The replay, if the method uses one.
    public var replay: ReplaySnapshot?
    /// The states of the worker's other environments, from the second on; empty for a worker with one.
    public var additionalEnvironments: [SubEnvironmentState]

    /// Creates a state.
    public init(
        generators: [String: RandomGenerator], environment: StateSnapshot?, observation: Observation?,
        episodeReturn: Double, episodeLength: Int, recentReturns: [Double], recentLengths: [Int],
        replay: ReplaySnapshot?, status: WorkerStatus = .running, agentSteps: Int = 0, finalEpsilon: Double? = nil,
        learner: StateSnapshot? = nil, actionMask: [UInt8]? = nil, additionalEnvironments: [SubEnvironmentState] = []
    ) {
        self.status = status
        self.agentSteps = agentSteps
        self.finalEpsilon = finalEpsilon
        self.learner = learner
        self.generators = generators
        self.environment = environment
        self.observation = observation
        self.actionMask = actionMask
        self.episodeReturn = episodeReturn
        self.episodeLength = episodeLength
        self.recentReturns = recentReturns
        self.recentLengths = recentLengths
        self.replay = replay
        self.additionalEnvironments = additionalEnvironments
    }
}

/// Whether and how a worker continues.
public enum WorkerStatus: String, Sendable, Codable, CaseIterable {
    /// The worker continues from this state.
    case running
    /// The worker has taken all its steps and released its replay.
    case finished
    /// The worker lost its environment: its episode cannot continue, the rest of its state can.
    case abandoned
    /// The run continued with fewer workers; the state is kept for a resume with more.
    case resting
}
