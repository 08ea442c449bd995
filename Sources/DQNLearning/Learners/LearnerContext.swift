public import DQNCheckpoint
public import DQNEnvironments
public import DQNModel
public import DQNNetwork

/// Everything that a learner is created from.
public struct LearnerContext {
    /// The run's settings.
    public let configuration: TrainingConfiguration
    /// The network's architecture.
    public let architecture: NetworkArchitecture
    /// The environment's id, actions and observations; the latter before stacking.
    public let environment: EnvironmentSpecification
    /// Creates network computations.
    public let backend: any ComputeBackend
    /// The parameters that all workers train.
    public let store: any ParameterStore
    /// The index of the worker, from 0.
    public let worker: Int
    /// The state that an earlier learner saved; `nil` for a new worker.
    public let state: WorkerState?

    /// Creates a context.
    package init(
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

    /// Returns a random stream of this worker: the stored stream of this name, or a new one.
    ///
    /// No two workers share a stream.
    public func generator(_ name: String) -> RandomGenerator {
        if let stored = state?.generators[name] { return stored }
        // A worker whose streams were lost gets new ones; restarting its first streams would repeat its past.
        let suffix = state.map { "/\($0.agentSteps)" } ?? ""
        return RandomGenerator(seed: UInt64(configuration.seed), stream: "workers/\(worker)/\(name)\(suffix)")
    }

    /// Returns the arrays that a learner of this method and version saved.
    ///
    /// - Returns: `nil` for a new worker, and for one that saved no arrays.
    /// - Throws: `ModelError` (`invalidSnapshot`) if another method or version saved them.
    public func restored(version: Int) throws(ModelError) -> StateSnapshot? {
        guard let snapshot = state?.learner else { return nil }
        try snapshot.require(kind: configuration.method, version: version)
        return snapshot
    }
}
