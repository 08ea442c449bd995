public import DQNLearning
public import DQNTraining
public import Logging

/// The run that ``TrainOptions`` describe.
public struct TrainSettings {
    /// The run's directory. A new run must not find another one there.
    public let directory: RunDirectory
    /// The whole configuration of a new run; `nil` for a resumed one, which keeps that of its checkpoint.
    public let configuration: TrainingConfiguration?
    private let make: (ParameterStoreFactory?, Logger) throws -> TrainingRun

    init(
        directory: RunDirectory, configuration: TrainingConfiguration?,
        make: @escaping (ParameterStoreFactory?, Logger) throws -> TrainingRun
    ) {
        self.directory = directory
        self.configuration = configuration
        self.make = make
    }

    /// Creates the run in its directory, or resumes it.
    ///
    /// Call it on the thread that trains; see `TrainingRun`.
    /// - Parameters:
    ///   - makeStore: creates the parameter store; by default one in this process's memory.
    ///   - logger: receives the run's messages.
    /// - Throws: `TrainingError` as the initialisers of `TrainingRun`, and errors of paths.
    public func makeRun(
        makeStore: ParameterStoreFactory? = nil, logger: Logger = Logger(label: "swift-dqn")
    ) throws -> TrainingRun {
        try make(makeStore, logger)
    }
}
