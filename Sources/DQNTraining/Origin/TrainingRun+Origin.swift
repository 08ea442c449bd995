package import DQNEnvironments
package import DQNLearning
internal import DQNModel
package import Logging

extension TrainingRun {
    /// Creates a run in a new directory that starts from another run's state.
    ///
    /// Logs what carries over and what begins anew; `lineage.jsonl` records it.
    /// - Throws: ``TrainingError`` as ``init(_:options:in:gymnasium:makeStore:logger:)``, and `invalidConfiguration` if the
    ///   parameters do not fit the new run's network, or if the steps of a continued schedule are over.
    package convenience init(
        _ configuration: TrainingConfiguration, from origin: RunOrigin, options: Options, in directory: RunDirectory,
        gymnasium: GymnasiumSettings = GymnasiumSettings(), makeStore: ParameterStoreFactory? = nil,
        logger: Logger = Logger(label: "swift-dqn")
    ) throws(TrainingError) {
        do {
            try self.init(
                new: configuration, from: origin, options, directory, beginsAgain: false, gymnasium, makeStore, logger)
        } catch { throw TrainingError(wrapping: error) }
    }
}
