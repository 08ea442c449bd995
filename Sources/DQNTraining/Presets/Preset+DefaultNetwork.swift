internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel

extension Preset {
    /// Checks that the preset's network fits the environment's observations.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) if it does not, naming the network and the key to set.
    func requireFit(
        of network: String, in configuration: TrainingConfiguration, for environment: EnvironmentSpecification
    ) throws(TrainingError) {
        guard configuration.network == network else { return }
        do { _ = try configuration.architecture(for: environment) } catch {
            let space = environment.observationSpace.stacked(depth: configuration.frameStack)
            throw TrainingError(
                code: .invalidConfiguration,
                message: "'\(network)', the default network of the preset '\(rawValue)', does not fit observations of "
                    + "shape \(space.shape) (\(error.message)); choose another one, such as --set "
                    + "network=mlp:256,256.",
                underlying: error)
        }
    }
}
