public import DQNCheckpoint
public import DQNEnvironments
public import DQNModel
public import DQNNetwork

/// What one worker learns with: chooses its actions, takes in what comes of them, and turns that into gradients.
///
/// Made by a ``TrainingMethod``, one for each worker, and used on that worker's thread only. The order of calls is
/// ``begin(_:)``, then for each agent step ``chooseAction(for:at:using:)``, ``observe(_:)`` and, after an episode's end,
/// ``begin(_:)`` again, and last ``learn(at:using:)``.
public protocol Learner: AnyObject {
    /// Takes the first observation of an episode.
    func begin(_ observation: NewObservation)

    /// Chooses the action of the next step.
    ///
    /// - Parameters:
    ///   - observation: what the network sees: the newest observations, stacked.
    ///   - step: agent steps taken by all workers and by this one, before this step.
    ///   - generator: the worker's stream for exploring.
    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int

    /// Takes in what the action led to.
    func observe(_ transition: Transition)

    /// Learns, where it is time to.
    ///
    /// - Parameter step: agent steps including the one just observed.
    func learn(at step: StepCount, using generator: inout RandomGenerator) throws

    /// The probability of a random action, where the method has one.
    func explorationRate(at step: StepCount) -> Double?

    /// Sums over the updates since the last row of the metrics.
    var statistics: TrainingStatistics { get set }

    /// Writes everything that an exact resume needs into the worker's state: ``DQNCheckpoint/WorkerState/learner``, and
    /// the replay where there is one. ``LearnerContext/state`` gives it back.
    ///
    /// The snapshot's `kind` is the method's name, and its `version` the same for every worker.
    func save(into state: inout WorkerState) throws

    /// Closes the episode under way, whose environment was lost; ``begin(_:)`` comes next.
    func abandonEpisode()
}

/// Counts that schedules and intervals go by.
public struct StepCount: Sendable {
    /// Agent steps of all workers together: T of Mnih 2016.
    public var total: Int
    /// Agent steps of this worker: t.
    public var worker: Int

    /// Creates counts.
    public init(total: Int, worker: Int) {
        self.total = total
        self.worker = worker
    }
}

/// An observation as an episode begins.
public struct NewObservation {
    /// The environment's own observation: the newest frame.
    public let frame: Observation
    /// What the network sees: the newest frames, stacked.
    public let stacked: Observation

    /// Creates an observation.
    public init(frame: Observation, stacked: Observation) {
        self.frame = frame
        self.stacked = stacked
    }
}

/// What an action led to.
public struct Transition {
    /// The action's index.
    public let action: Int
    /// The reward.
    public let reward: Double
    /// Whether the episode ended in the environment's own terms: nothing is bootstrapped from here.
    public let terminated: Bool
    /// Whether a time limit cut the episode off: the observation that followed is bootstrapped from.
    public let truncated: Bool
    /// The observation that followed, also at an episode's end.
    public let next: NewObservation
    /// Whether the episode is over.
    public var ended: Bool { terminated || truncated }

    /// Creates a transition.
    public init(action: Int, reward: Double, terminated: Bool, truncated: Bool, next: NewObservation) {
        self.action = action
        self.reward = reward
        self.terminated = terminated
        self.truncated = truncated
        self.next = next
    }
}

/// What a learner is made from.
public struct LearnerContext {
    /// The run's settings.
    public let configuration: TrainingConfiguration
    /// The network.
    public let architecture: NetworkArchitecture
    /// The environment's observations before stacking, its actions, its name.
    public let environment: EnvironmentSpecification
    /// Makes computations.
    public let backend: any ComputeBackend
    /// The parameters that all workers train.
    public let store: any ParameterStore
    /// Which worker it is for, from 0.
    public let worker: Int
    /// What an earlier learner saved, to go on from; `nil` for a new worker.
    public let state: WorkerState?

    /// Creates a context: the trainer does, and whoever tries a learner on its own.
    public init(
        configuration: TrainingConfiguration, architecture: NetworkArchitecture, environment: EnvironmentSpecification,
        backend: any ComputeBackend, store: any ParameterStore, worker: Int, state: WorkerState?
    ) {
        self.configuration = configuration
        self.architecture = architecture
        self.environment = environment
        self.backend = backend
        self.store = store
        self.worker = worker
        self.state = state
    }

    /// A random stream of this worker: the stored one of this name, or a new one. No two workers share a stream.
    public func generator(_ name: String) -> RandomGenerator {
        if let stored = state?.generators[name] { return stored }
        // A worker that has lost its streams goes on with others, not with those it began with.
        let begun = state.map { "/\($0.agentSteps)" } ?? ""
        return RandomGenerator(seed: UInt64(configuration.seed), stream: "workers/\(worker)/\(name)\(begun)")
    }

    /// The stored arrays of this method, refused if another method or another version wrote them.
    ///
    /// - Returns: `nil` for a new worker, and for one that had saved no array.
    /// - Throws: `ModelError` (`invalidSnapshot`).
    public func restored(version: Int) throws -> StateSnapshot? {
        guard let snapshot = state?.learner else { return nil }
        try snapshot.require(kind: configuration.method, version: version)
        return snapshot
    }
}
