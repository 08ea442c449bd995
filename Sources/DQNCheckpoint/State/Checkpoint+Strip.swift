extension Checkpoint {
    /// Returns a smaller checkpoint: without replay, without optimiser, or with the policy alone.
    ///
    /// ``stripped`` lists what was removed. Such a checkpoint can still act, but not resume training.
    /// - Parameters:
    ///   - replay: removes the workers' replays.
    ///   - optimizer: removes the optimiser.
    ///   - allButPolicy: keeps only configuration, network, counters, evaluations and the origin of an imported policy.
    package func stripped(replay: Bool = false, optimizer: Bool = false, allButPolicy: Bool = false) -> Checkpoint {
        var result = self
        var names = Set(stripped)
        if replay || allButPolicy {
            for index in result.workers.indices {
                result.workers[index].replay = nil
                for environment in result.workers[index].additionalEnvironments.indices {
                    result.workers[index].additionalEnvironments[environment].replay = nil
                }
            }
            names.insert("replay")
        }
        if optimizer || allButPolicy {
            result.optimizer = nil
            names.insert("optimizer")
        }
        if allButPolicy {
            result.target = nil
            result.workers = []
            result.history = MetricHistory()
            result.statistics = [:]
            result.extensions.removeAll { $0.owner != ExtensionGroup.originOwner }
            names.insert("training")
        }
        result.stripped = names.sorted()
        return result
    }
}
