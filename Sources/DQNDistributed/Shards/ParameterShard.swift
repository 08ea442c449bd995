package import DQNLearning
internal import DQNModel
package import DQNNetwork
internal import DQNSupport

/// What a parameter server holds of a run: a range of θ, θ⁻ and the optimiser's slots. The optimiser runs here.
///
/// Steps, refreshes and copies take turns: a step takes less time than the transfer of its gradient. The result of a
/// step does not depend on where the range begins and ends, so that any number of shards computes the same bits.
///
/// `@unchecked Sendable`: everything that changes is used under `lock`.
package final class ParameterShard: @unchecked Sendable {
    /// What messages to this shard must name.
    package let address: ShardAddress
    /// The number of elements.
    package let count: Int
    /// Updates after which a gradient is too old to be applied; `nil` applies all.
    private let maximumStaleness: UInt64?

    private let lock = Lock()
    private let online: ParameterSlab
    private let target: ParameterSlab?
    private let optimizer: Optimizer
    private var updates: UInt64
    private var refreshes: UInt64
    private var dropped: UInt64 = 0

    /// The layout of the slabs that exchange values with this shard.
    let layout: ParameterLayout

    /// What a shard has counted.
    package struct Counts: Sendable, Equatable {
        /// Gradients applied.
        package var updates: UInt64
        /// Refreshes of θ⁻.
        package var refreshes: UInt64
        /// Gradients that were too old, since the shard was created.
        package var dropped: UInt64
    }

    /// Creates a shard.
    ///
    /// - Parameters:
    ///   - state: the shard's part of the run's state.
    ///   - maximumStaleness: the largest number of updates between the parameters of a gradient and its arrival.
    /// - Throws: `NetworkError` (`invalidState`) if the parts of the state have different lengths.
    package init(
        _ address: ShardAddress, _ configuration: OptimizerConfiguration, restoring state: ParameterState,
        maximumStaleness: Int? = nil
    ) throws(NetworkError) {
        self.address = address
        count = state.online.count
        layout = ParameterLayout(partOf: count)
        self.maximumStaleness = maximumStaleness.map { UInt64($0) }
        let layout = layout
        online = try ParameterSlab(layout: layout, values: state.online)
        target = try state.target.map { values throws(NetworkError) in
            try ParameterSlab(layout: layout, values: values)
        }
        optimizer = try Optimizer(configuration, layout: layout, restoring: state.optimizer)
        updates = UInt64(state.updateCount)
        refreshes = UInt64(state.targetRefreshCount)
    }

    /// What the shard has counted so far.
    package var counts: Counts { lock.withLock { Counts(updates: updates, refreshes: refreshes, dropped: dropped) } }

    /// Whether there is a θ⁻.
    var hasTarget: Bool { target != nil }

    /// Applies a gradient, unless it is too old.
    ///
    /// - Parameters:
    ///   - version: the updates in the parameters that the gradient was computed with.
    ///   - isOwnStep: whether the values are a worker's own step, which is added to θ.
    ///   - copy: receives θ as it is afterwards.
    /// - Returns: the updates before this one, the refreshes, and whether the gradient was dropped.
    func apply(
        _ values: ParameterSlab, from version: UInt64, learningRate: Double, scale: Float, isOwnStep: Bool,
        copy: ParameterSlab?
    ) -> (before: UInt64, refreshes: UInt64, isDropped: Bool) {
        lock.withLock {
            let before = updates
            if let maximumStaleness, before > version, before - version > maximumStaleness {
                dropped += 1
                copy?.copy(from: online)
                return (before, refreshes, true)
            }
            if isOwnStep {
                for index in online.elements.indices { online.elements[index] += values.elements[index] }
                copy?.copy(from: online)
            } else {
                optimizer.step(
                    online, gradients: values, learningRate: learningRate, gradientScale: scale, copy: copy)
            }
            updates += 1
            return (before, refreshes, false)
        }
    }

    /// Copies θ or θ⁻; there must be one.
    func read(isTarget: Bool, into copy: ParameterSlab) -> (updates: UInt64, refreshes: UInt64) {
        lock.withLock {
            if isTarget, let target { copy.copy(from: target) } else { copy.copy(from: online) }
            return (updates, refreshes)
        }
    }

    /// Moves θ⁻ towards θ.
    func refresh(rate: Double) -> (updates: UInt64, refreshes: UInt64) {
        lock.withLock {
            target?.move(towards: online, by: rate)
            refreshes += 1
            return (updates, refreshes)
        }
    }

    /// Copies the whole state; O(elements).
    package func snapshot() -> ParameterState {
        lock.withLock {
            ParameterState(
                online: online.values, target: target?.values, optimizer: optimizer.state,
                updateCount: Int(updates), targetRefreshCount: Int(refreshes))
        }
    }
}
