extension Checkpoint {
    /// A smaller checkpoint: without replay, without optimiser, or with the policy alone.
    ///
    /// What was taken out is recorded in ``stripped``; such a file still plays, but cannot be resumed.
    /// - Parameters:
    ///   - replay: takes the workers' replays out.
    ///   - optimizer: takes the optimiser out.
    ///   - allButPolicy: takes everything out but configuration, network, counters and evaluations.
    package func stripped(replay: Bool = false, optimizer: Bool = false, allButPolicy: Bool = false) -> Checkpoint {
        var result = self
        var names = Set(stripped)
        if replay || allButPolicy {
            for index in result.workers.indices { result.workers[index].replay = nil }
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
            result.extensions = []
            names.insert("training")
        }
        result.stripped = names.sorted()
        return result
    }
}
