package import DQNCheckpoint
package import DQNModel
package import DQNNetwork

extension SharedParameters {
    /// Fresh parameters of the run's seed, the target equal to the online network; or those of a checkpoint.
    ///
    /// - Parameter team: who shares the optimiser's steps.
    /// - Throws: ``TrainingError`` (`cannotResume`) when target network or optimiser are missing from it.
    package convenience init(
        _ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture, usesTarget: Bool,
        restoring checkpoint: Checkpoint?, team: ComputeTeam?
    ) throws {
        let layout = try ParameterLayout(architecture)
        guard let checkpoint else {
            var generator = RandomGenerator(seed: UInt64(configuration.seed), stream: "initialisation")
            let online = ParameterSlab(layout: layout)
            online.initialize(using: &generator)
            let target = usesTarget ? ParameterSlab(layout: layout) : nil
            target?.copy(from: online)
            self.init(
                online: online, target: target,
                optimizer: Optimizer(configuration.optimizer, layout: layout, team: team),
                workers: configuration.workers)
            return
        }
        guard (checkpoint.target != nil) == usesTarget, let state = checkpoint.optimizer,
            state.kind == configuration.optimizer.kind.rawValue
        else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint has no target network or no \(configuration.optimizer.kind.rawValue) state "
                    + "(stripped: \(checkpoint.stripped.joined(separator: ", "))); resume from a whole one.")
        }
        self.init(
            online: try ParameterSlab(layout: layout, values: checkpoint.online),
            target: try checkpoint.target.map { values throws(NetworkError) in
                try ParameterSlab(layout: layout, values: values)
            },
            optimizer: try Optimizer(
                configuration.optimizer, layout: layout, stepCount: state.stepCount, slots: state.slots, team: team),
            workers: configuration.workers, updateCount: checkpoint.counters.gradientUpdates,
            targetRefreshCount: checkpoint.counters.targetRefreshes)
    }
}
