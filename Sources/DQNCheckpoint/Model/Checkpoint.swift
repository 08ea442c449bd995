public import DQNModel

/// Everything an exact resume needs, as plain values: what a checkpoint file holds.
///
/// Made by a trainer at a step boundary and handed to ``CheckpointStore``; reading a file gives one back.
/// No clock time and no host name is part of it, so that equal states give equal files.
public struct Checkpoint: Sendable {
    /// The program that wrote the state; conversion preserves it.
    public var writer: Writer
    /// The full resolved configuration, an object; see the key table in `docs/format.md`.
    public var configuration: JSONValue
    /// The network.
    public var architecture: NetworkArchitecture
    /// The online network's parameters in the order of ``DQNModel/ParameterLayout``.
    public var online: [Float]
    /// The target network's parameters, where the method has one.
    public var target: [Float]?
    /// The optimiser; absent from a stripped file.
    public var optimizer: OptimizerState?
    /// What has been counted so far.
    public var counters: Counters
    /// The workers' states by index; empty in a file that was stripped to its policy.
    public var workers: [WorkerState]
    /// The evaluation made at this very step, if there was one: what `best` goes by.
    public var evaluation: Evaluation?
    /// The best evaluation of the run so far (ties: the earliest).
    public var bestEvaluation: Evaluation?
    /// Whether the run has reached its target return.
    public var reachedTarget: Bool
    /// Running sums that the next row of the metrics needs, by name; finite.
    public var statistics: [String: Double]
    /// The learning curve against agent steps.
    public var history: MetricHistory
    /// What was taken out of the file by `strip`: `replay`, `optimizer`, `training`; empty for a whole one.
    public var stripped: [String]
    /// State of trainers that this library does not know, in namespaced groups.
    public var extensions: [ExtensionGroup]

    /// Creates a checkpoint value.
    public init(
        writer: Writer, configuration: JSONValue, architecture: NetworkArchitecture, online: [Float],
        target: [Float]? = nil, optimizer: OptimizerState? = nil, counters: Counters = Counters(),
        workers: [WorkerState] = [], evaluation: Evaluation? = nil, bestEvaluation: Evaluation? = nil,
        reachedTarget: Bool = false, statistics: [String: Double] = [:], history: MetricHistory = MetricHistory(),
        stripped: [String] = [],
        extensions: [ExtensionGroup] = []
    ) {
        self.writer = writer
        self.configuration = configuration
        self.architecture = architecture
        self.online = online
        self.target = target
        self.optimizer = optimizer
        self.counters = counters
        self.workers = workers
        self.evaluation = evaluation
        self.bestEvaluation = bestEvaluation
        self.reachedTarget = reachedTarget
        self.statistics = statistics
        self.history = history
        self.stripped = stripped
        self.extensions = extensions
    }
}

/// Names a program and its version.
public struct Writer: Sendable, Equatable, Codable {
    /// The program's name.
    public var name: String
    /// Its version.
    public var version: String
    private enum CodingKeys: String, CodingKey { case name, version }

    /// Creates a writer's name.
    public init(name: String, version: String) {
        self.name = name
        self.version = version
    }
    /// This library.
    public static let current = Writer(name: "swift-dqn", version: "0.1.0")
}

/// What a run has counted. Schedules are functions of these.
public struct Counters: Sendable, Equatable, Codable {
    /// Actions taken in training environments, all workers together.
    public var agentSteps = 0
    /// Environment frames: agent steps times the environment's action repeat.
    public var frames = 0
    /// Optimiser steps.
    public var gradientUpdates = 0
    /// Refreshes of the target network, whole or partial; the first copy is not counted.
    public var targetRefreshes = 0
    /// Training episodes that have ended.
    public var episodes = 0
    /// Evaluations made.
    public var evaluations = 0
    // The keys of the programs' JSON output; files have keys of their own.
    private enum CodingKeys: String, CodingKey {
        case agentSteps, frames, gradientUpdates, targetRefreshes, episodes, evaluations
    }

    /// Creates counters at zero.
    public init() {}
}

/// One evaluation: greedy (or nearly greedy) episodes on an environment of its own.
public struct Evaluation: Sendable, Equatable, Codable {
    /// Agent steps of training when it was made.
    public var agentSteps: Int
    /// Mean undiscounted return over the episodes.
    public var meanReturn: Double
    /// Population standard deviation of the returns.
    public var standardDeviation: Double
    /// Episodes.
    public var episodes: Int
    // The keys of the programs' JSON output; files have keys of their own.
    private enum CodingKeys: String, CodingKey { case agentSteps, meanReturn, standardDeviation, episodes }

    /// Creates an evaluation's record.
    public init(agentSteps: Int, meanReturn: Double, standardDeviation: Double, episodes: Int) {
        self.agentSteps = agentSteps
        self.meanReturn = meanReturn
        self.standardDeviation = standardDeviation
        self.episodes = episodes
    }
}

/// An optimiser's whole state.
public struct OptimizerState: Sendable, Equatable {
    /// `adam`, `rmsprop` or a plug-in's name.
    public var kind: String
    /// Constants by name: `learning_rate`, `beta1`, `epsilon`, …
    public var hyperparameters: [String: Double]
    /// Steps taken.
    public var stepCount: Int
    /// Slots by name (`first_moment`, …), each a flat vector like the parameters.
    public var slots: [String: [Float]]
    /// Creates a state.
    public init(kind: String, hyperparameters: [String: Double], stepCount: Int, slots: [String: [Float]]) {
        self.kind = kind
        self.hyperparameters = hyperparameters
        self.stepCount = stepCount
        self.slots = slots
    }
}

/// One worker's state at a step boundary.
public struct WorkerState: Sendable {
    /// Where a worker stands in its run.
    public enum Standing: String, Sendable, Codable, CaseIterable {
        /// It goes on from this very state.
        case running
        /// It has taken all the steps it was to take, and has given its replay back.
        case finished
        /// Its environment was lost: its episode cannot go on, the rest of it can.
        case abandoned
        /// The run went on with fewer workers: this one's state is kept as it was, for a resume with more.
        case resting
    }

    /// Where it stands.
    public var standing: Standing
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
        replay: ReplaySnapshot?, standing: Standing = .running, agentSteps: Int = 0, finalEpsilon: Double? = nil,
        learner: StateSnapshot? = nil
    ) {
        self.standing = standing
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

/// Metrics against agent steps, as a table of equally long columns.
public struct MetricHistory: Sendable, Equatable {
    /// Agent steps of each row, rising.
    public var agentSteps: [Int] = []
    /// Columns by name (`rollout/ep_rew_mean`, …); NaN where a row has no value.
    public var columns: [String: [Double]] = [:]
    /// Creates an empty table.
    public init() {}

    /// Adds a row; a column that is new gets NaN in the earlier rows.
    public mutating func append(agentSteps step: Int, _ values: [String: Double]) {
        for name in values.keys where columns[name] == nil {
            columns[name] = [Double](repeating: .nan, count: agentSteps.count)
        }
        agentSteps.append(step)
        // A copy of the names: going through the table itself would hold it, and each append would copy its column.
        for name in Array(columns.keys) { columns[name]?.append(values[name] ?? .nan) }
    }
}

/// A namespaced group of arrays that belongs to somebody else's trainer or tool.
public struct ExtensionGroup: Sendable, Equatable {
    /// The owner in reverse-domain form, `org.example.trainer`; also the group's name in the file.
    public var owner: String
    /// Whether a reader that does not know the owner must refuse the file.
    public var mustUnderstand: Bool
    /// The state; `kind` and `version` are the owner's.
    public var state: StateSnapshot
    /// Whether a text may be an owner: a name in reverse-domain form of letters, digits, `_`, `-` and `.`.
    public static func isOwner(_ text: String) -> Bool { text.contains(".") && Format1_0.isName(text) }
    /// Creates a group.
    public init(owner: String, mustUnderstand: Bool, state: StateSnapshot) {
        self.owner = owner
        self.mustUnderstand = mustUnderstand
        self.state = state
    }
}
