public import DQNCheckpoint
public import DQNModel

/// One worker's learner: chooses the worker's actions, observes their outcomes and computes gradients from them.
///
/// A ``TrainingMethod`` creates one learner per worker, and only that worker's thread uses it. Each episode starts with
/// ``beginEpisode(_:)``. Each agent step calls ``chooseAction(for:at:using:)``, then ``observe(_:)``, then
/// ``beginEpisode(_:)`` if the episode has ended, and last ``learn(at:using:)``.
///
/// A learner may throw any error; the trainer reports it with the worker and the step.
public protocol Learner: AnyObject {
    /// Observes the first observation of an episode.
    ///
    /// After an episode's end this comes before the ``learn(at:using:)`` of its last step.
    func beginEpisode(_ observation: StackedObservation)

    /// Chooses the action of the next step.
    ///
    /// - Parameters:
    ///   - observation: The input of the network: the newest observations, stacked.
    ///   - step: The agent steps taken before this one.
    ///   - generator: The worker's random stream for exploration.
    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int

    /// Observes the outcome of the action.
    func observe(_ transition: Transition)

    /// Learns, if it is time for an update.
    ///
    /// - Parameter step: The agent steps taken, including the one just observed.
    /// - Parameter generator: The worker's random stream for sampling.
    func learn(at step: StepCount, using generator: inout RandomGenerator) throws

    /// Returns the probability of a random action; `nil` if the method does not explore in this way.
    func explorationRate(at step: StepCount) -> Double?

    /// The sums since the last row of the metrics. The trainer resets them after each row.
    var statistics: TrainingStatistics { get set }

    /// Writes everything that an exact resume needs into the worker's state.
    ///
    /// Arrays go to `WorkerState.learner`; the snapshot's `kind` is the method's name, and its
    /// `version` is the same for every worker. A replay goes to `WorkerState.replay`. After a resume
    /// ``LearnerContext/state`` holds what was written.
    func save(into state: inout WorkerState) throws

    /// Closes the current episode because its environment is lost. ``beginEpisode(_:)`` comes next.
    func abandonEpisode()
}

/// The step counts that schedules and intervals depend on.
public struct StepCount: Sendable {
    /// The agent steps of all workers together: T in Mnih 2016.
    public let total: Int
    /// The agent steps of this worker: t in Mnih 2016.
    public let worker: Int

    /// Creates counts.
    package init(total: Int, worker: Int) {
        self.total = total
        self.worker = worker
    }
}

/// An observation as a single frame and as a stack.
public struct StackedObservation {
    /// The environment's own observation: the newest frame.
    public let frame: Observation
    /// The input of the network: the newest frames, stacked.
    public let stacked: Observation
    /// Whether each action is allowed; `nil` if all are, after a terminal step, and if `action_masks` is off.
    ///
    /// The environment may refuse an action that is not allowed.
    public let actionMask: [Bool]?

    /// Creates an observation.
    package init(frame: Observation, stacked: Observation, actionMask: [Bool]? = nil) {
        self.frame = frame
        self.stacked = stacked
        self.actionMask = actionMask
    }
}

/// The outcome of an action.
public struct Transition {
    /// The index of the action.
    public let action: Int
    /// The reward.
    public let reward: Double
    /// Whether the episode reached a terminal state, after which nothing is bootstrapped.
    public let terminated: Bool
    /// Whether a time limit ended the episode; the next observation is then bootstrapped from.
    public let truncated: Bool
    /// The next observation, also at the end of an episode.
    public let next: StackedObservation
    /// Whether the episode has ended.
    public var ended: Bool { terminated || truncated }

    /// Creates a transition.
    package init(action: Int, reward: Double, terminated: Bool, truncated: Bool, next: StackedObservation) {
        self.action = action
        self.reward = reward
        self.terminated = terminated
        self.truncated = truncated
        self.next = next
    }
}
