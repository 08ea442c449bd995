package import DQNCheckpoint
package import DQNEnvironments
package import DQNLearning
package import DQNModel

/// Those who take a run's agent steps, as the trainer sees them: threads of this process, or other processes.
///
/// Not thread-safe: only the trainer uses it. Apart from ``claimedSteps`` it is used while no worker takes steps.
package protocol Crew: AnyObject {
    /// What the user should know about the start of the workers.
    var notices: [String] { get }
    /// Whether any worker may take more steps.
    var isActive: Bool { get }
    /// Whether an interruption has cut the update of a worker short.
    var hasOpenUpdate: Bool { get }
    /// Agent steps claimed so far; readable while workers run.
    var claimedSteps: Int { get }
    /// Why the run cannot continue, if that shows while no steps are taken; `nil` if it can.
    var failure: CrewFailure? { get }
    /// Why checkpoints lack the state of an environment; `nil` if they contain all, or none has been taken yet.
    var captureObstacle: String? { get }
    /// How long the workers paused before they took steps last; `nil` if that is unknown.
    var pause: (stopping: Duration, handOver: Duration)? { get }

    /// Completes updates that were cut short, then lets the workers take steps until a goal is reached.
    ///
    /// - Parameters:
    ///   - taken: agent steps of the run so far.
    ///   - goal: those at which the workers stop. Exactly so many have been taken then, unless the outcome is a failure,
    ///     an interruption comes first, or no worker may take more.
    ///   - updatePatience: seconds that an interrupted update has to end by itself.
    ///   - isInterrupted: called about fifty times a second; once it returns `true`, workers stop at their next step
    ///     boundary.
    ///   - isEnding: whether the interruption ends the run.
    func takeSteps(
        from taken: Int, upTo goal: Int, updatePatience: Double, isInterrupted: () -> Bool, isEnding: () -> Bool
    ) -> CrewOutcome

    /// Returns what the workers have done since the last call.
    func takeCounts() -> (agentSteps: Int, episodes: Int)

    /// Returns steps that were claimed but not taken.
    func returnClaims(taken: Int)

    /// Returns the figures of each worker, in order.
    ///
    /// - Parameter totalSteps: agent steps of the run so far.
    func figures(at totalSteps: Int) -> [WorkerFigures]

    /// Begins the sums for the next row of metrics.
    func resetStatistics()

    /// Takes the states of all workers at this step boundary.
    ///
    /// A worker that fails contributes its last state, or an abandoned one.
    func holdStates() -> (states: HeldStates, failure: CrewFailure?)
}

/// The states of all workers at a step boundary, in order, with those that do not run.
///
/// Whoever holds them keeps them from being forgotten where they are.
package struct HeldStates: Sendable {
    /// Returns the states. Called while no worker takes steps.
    ///
    /// It throws ``TrainingError`` (`runFailed`) if they are lost with what ends the run.
    package let fetch: @Sendable () throws(TrainingError) -> [WorkerState]

    package init(fetch: @escaping @Sendable () throws(TrainingError) -> [WorkerState]) { self.fetch = fetch }
}

/// Why the workers cannot continue, as an error with the agent steps of the run so far.
package typealias CrewFailure = (_ agentSteps: Int) -> TrainingError

/// How workers have stopped.
package struct CrewOutcome {
    /// Why the run cannot continue; `nil` if it can.
    package var failure: CrewFailure?
    /// Messages for the user, such as workers that have finished.
    package var notices: [String]

    package init(failure: CrewFailure? = nil, notices: [String] = []) {
        self.failure = failure
        self.notices = notices
    }
}

/// What the trainer knows of one worker at a step boundary.
package struct WorkerFigures: Sendable {
    /// The worker's index in the run, from 0.
    package var index: Int
    /// Whether it may take steps.
    package var isActive: Bool
    /// Agent steps that it has taken since its start.
    package var agentSteps: Int
    /// Its sums since the last row of metrics; `nil` if nothing is known of them.
    package var statistics: TrainingStatistics?
    /// Sums that belong to nobody who is present, such as those of a finished worker.
    package var unreported = TrainingStatistics()
    /// Returns and lengths of its recent episodes.
    package var recentReturns: [Double]
    package var recentLengths: [Int]
    /// Its probability of a random action; `nil` for a method without one, and if it is not active.
    package var epsilon: Double?

    package init(
        index: Int, isActive: Bool, agentSteps: Int, statistics: TrainingStatistics?, recentReturns: [Double],
        recentLengths: [Int], epsilon: Double?
    ) {
        self.index = index
        self.isActive = isActive
        self.agentSteps = agentSteps
        self.statistics = statistics
        self.recentReturns = recentReturns
        self.recentLengths = recentLengths
        self.epsilon = epsilon
    }
}

/// What a crew is made from.
package struct CrewContext {
    package let configuration: TrainingConfiguration
    package let architecture: NetworkArchitecture
    /// The environment's, before stacking.
    package let specification: EnvironmentSpecification
    package let method: any TrainingMethod
    /// The parameters that all workers train.
    package let store: any ParameterStore
    /// Whether the run is new.
    package let isNew: Bool
    /// The states of the workers that run, by index; fewer than there are workers if some are new.
    package let states: [WorkerState]
    /// States of workers beyond the present number.
    package let inactiveWorkers: [WorkerState]
    /// Sums since the last row of metrics.
    package let statistics: TrainingStatistics
    /// Agent steps of the run so far.
    package let agentSteps: Int
}

/// A store whose workers are elsewhere, and which the trainer therefore gets its crew from.
package protocol CrewProviding: ParameterStore {
    /// Starts the workers.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) if they cannot be started.
    func makeCrew(_ context: CrewContext) throws -> any Crew
}
