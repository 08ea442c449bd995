package import DQNCheckpoint
package import DQNEnvironments
package import DQNLearning
package import DQNModel
package import DQNNetwork
internal import DQNSupport

/// The workers of one process among several of a run: a thread each, which take their steps from leases.
///
/// Not thread-safe: only the process's main thread uses it.
package final class CrewMember {
    /// How the workers of the process are run.
    package struct Options: Sendable {
        /// Time without a finished step after which a worker counts as stuck.
        package var workerTimeout = Trainer.Options().workerTimeout
        /// How Gymnasium environments are run.
        package var gymnasium = GymnasiumSettings()

        package init() {}
    }

    /// The run's settings.
    package let configuration: TrainingConfiguration
    /// The network that they define for the environment of this host.
    package let architecture: NetworkArchitecture
    package let method: any TrainingMethod
    /// The indices of the workers in the run.
    package let indices: [Int]

    private let specification: EnvironmentSpecification
    private let options: Options
    /// The threads that share each computation; `nil` if the worker's own thread computes.
    package let team: ComputeTeam?
    private let pool: WorkerPool
    private let environment = EnvironmentBox()
    private var crew: ThreadCrew?

    /// Creates the first worker's environment.
    ///
    /// - Throws: ``TrainingError`` if the settings do not fit the environment of this host, or it cannot be created.
    package init(_ configuration: TrainingConfiguration, workers indices: [Int], _ options: Options) throws {
        self.configuration = configuration
        self.indices = indices
        self.options = options
        team = configuration.computeThreads > 1 ? ComputeTeam(threads: configuration.computeThreads) : nil
        pool = WorkerPool(
            count: indices.count, timeout: options.workerTimeout, startTimeout: options.gymnasium.startTimeout)
        specification = try environment.fill(pool, configuration, options.gymnasium, agentSteps: 0)
        try configuration.validate(for: specification)
        architecture = try configuration.architecture(for: specification)
        method = try TrainingMethods.named(configuration.method)
    }

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - states: of the workers, in order; `nil` for a new one. A resting one takes the newest parameters.
    ///   - isNew: whether the run is new.
    ///   - statistics: the sums since the last row, for a run's only worker.
    ///   - agentSteps: of the run so far.
    /// - Returns: what the user should know.
    /// - Throws: ``TrainingError`` if an environment or a learner cannot be created.
    package func start(
        training store: any ParameterStore, from states: [WorkerState?], isNew: Bool, statistics: [String: Double],
        agentSteps: Int
    ) throws -> [String] {
        let slots = indices.enumerated().map { place, index in
            WorkerSlot(
                index: index, state: states[place], preparedEnvironment: place == 0 ? environment : nil)
        }
        let crew = try ThreadCrew(
            CrewContext(
                configuration: configuration, architecture: architecture, specification: specification, method: method,
                store: store, isNew: isNew, states: [], inactiveWorkers: [],
                statistics: TrainingStatistics(statistics), agentSteps: agentSteps), slots,
            ThreadCrew.Means(
                pool: pool, backend: OneDNNBackend(team: team), gymnasium: options.gymnasium,
                processors: Processors.available))
        self.crew = crew
        return crew.notices
    }

    /// Lets each worker take steps until its source has no more.
    ///
    /// - Parameter whileWaiting: called about fifty times a second; returns whether to keep waiting.
    /// - Returns: why a worker cannot continue; `nil` if all can, or the wait was ended.
    package func takeSteps(
        from sources: [any StepSource], onFailure: () -> Void, whileWaiting: () -> Bool
    ) -> CrewFailure? {
        guard let crew else { return nil }
        let slots = crew.slots
        pool.start(on: slots.indices) { place, heartbeat in
            try ThreadCrew.run(slots[place], from: sources[place], heartbeat)
        }
        let failures = pool.wait(for: slots.indices, onFailure: onFailure, whileWaiting: whileWaiting) ?? [:]
        return crew.first(of: failures, during: "taking a step")
    }

    /// Asks the workers not to wait long for environments that do not answer.
    package func askToEnd() { pool.askToEnd() }

    /// Episodes that have ended in this process, of the worker at a place among ``indices``.
    package func episodes(at place: Int) -> @Sendable () -> Int {
        guard let counts = crew?.slots[place].counts else { return { 0 } }
        return { counts.episodes }
    }

    /// Returns the figures of each worker, while none takes steps.
    package func figures(at totalSteps: Int) -> [WorkerFigures] { crew?.figures(at: totalSteps) ?? [] }

    /// Begins the sums for the next row of metrics.
    package func resetStatistics() { crew?.resetStatistics() }

    /// Returns the workers' states, while none takes steps.
    package func saveStates() -> (states: [WorkerState], failure: CrewFailure?) { crew?.saveStates() ?? ([], nil) }

    /// Why the state of an environment cannot be saved, once that has turned out.
    package var captureObstacle: String? { crew?.captureObstacle }
}
