internal import DQNCheckpoint
package import DQNLearning
internal import DQNModel

extension ParameterState {
    /// Returns the part of the state that a shard holds.
    package func part(_ range: Range<Int>) -> ParameterState {
        ParameterState(
            online: Array(online[range]), target: target.map { Array($0[range]) },
            optimizer: optimizer.map { whole in
                OptimizerState(
                    kind: whole.kind, hyperparameters: whole.hyperparameters, stepCount: whole.stepCount,
                    slots: whole.slots.mapValues { Array($0[range]) })
            },
            updateCount: updateCount, targetRefreshCount: targetRefreshCount)
    }

    /// Joins the parts of all shards, in order.
    ///
    /// Shards count their own steps: a worker that was lost in the middle of an exchange has reached only some of them.
    /// The whole counts as many as the shard that was reached most often.
    ///
    /// - Throws: ``ClusterError`` (`invalidCluster`) if the parts have different optimisers, or only some have θ⁻.
    package init(joining parts: [ParameterState]) throws(ClusterError) {
        guard let first = parts.first else { throw Self.different("there are none") }
        self = first
        for part in parts.dropFirst() {
            online += part.online
            updateCount = max(updateCount, part.updateCount)
            targetRefreshCount = max(targetRefreshCount, part.targetRefreshCount)
            guard (target == nil) == (part.target == nil) else { throw Self.different("only some have a target") }
            if let more = part.target { target? += more }
            guard let own = optimizer, let more = part.optimizer else {
                guard optimizer == nil, part.optimizer == nil else {
                    throw Self.different("only some have an optimiser")
                }
                continue
            }
            guard own.kind == more.kind, own.hyperparameters == more.hyperparameters,
                Set(own.slots.keys) == Set(more.slots.keys)
            else { throw Self.different("their optimisers differ") }
            optimizer = OptimizerState(
                kind: own.kind, hyperparameters: own.hyperparameters, stepCount: max(own.stepCount, more.stepCount),
                slots: own.slots.merging(more.slots, uniquingKeysWith: +))
        }
    }

    private static func different(_ reason: String) -> ClusterError {
        ClusterError(
            code: .invalidCluster,
            message:
                "The parts of the shards do not form one state: \(reason). Resume the run from its last checkpoint.")
    }
}
