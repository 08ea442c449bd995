package import DQNModel
package import DQNNetwork
internal import DQNSupport
internal import Synchronization

/// The parameters of a run in this process's memory: one slab that all workers read and write without locks (Hogwild,
/// Recht 2011; Mnih 2016, section 4).
///
/// `@unchecked Sendable`: the online slab and the optimiser's slots are plain floats that race by intention. The target
/// slab changes rarely and as a whole, and is written and copied under `targetLock`. `snapshot()` runs under
/// `snapshotLock`. The counts are atomic. Nothing else changes.
package final class SharedParameters: ParameterStore, @unchecked Sendable {
    private let online: ParameterSlab
    private let target: ParameterSlab?
    /// The optimiser that all workers share.
    private let optimizer: Optimizer
    private let hasOneWorker: Bool
    private let targetLock = Lock()
    // Each update counts; everything else here is only read, at least once for each update.
    private let updates: PaddedCount
    private let refreshes: Atomic<Int>

    private let snapshotLock = Lock()
    private let onlineCopies: SlabCopies
    private let targetCopies: SlabCopies?
    private let slotCopies: [String: SlabCopies]

    /// Copies kept for snapshots: the last one may still be on its way to the disk when the next save begins.
    private static let keptCopies = 2

    /// Creates a store.
    ///
    /// - Parameter team: The threads that share each optimiser step; only one worker may then train.
    /// - Throws: `NetworkError` (`invalidState`) if the state does not fit the layout or the optimiser.
    package init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, restoring state: ParameterState,
        team: ComputeTeam? = nil
    ) throws(NetworkError) {
        online = try ParameterSlab(layout: layout, values: state.online)
        target = try state.target.map { values throws(NetworkError) in
            try ParameterSlab(layout: layout, values: values)
        }
        optimizer = try Optimizer(configuration.optimizer, layout: layout, restoring: state.optimizer, team: team)
        hasOneWorker = configuration.workers == 1
        updates = PaddedCount(state.updateCount)
        refreshes = Atomic(state.targetRefreshCount)
        onlineCopies = SlabCopies(of: online, keeping: Self.keptCopies)
        targetCopies = target.map { SlabCopies(of: $0, keeping: Self.keptCopies) }
        slotCopies = optimizer.slotCopies(keeping: Self.keptCopies)
        for copies in [onlineCopies, targetCopies].compactMap(\.self) + slotCopies.values { copies.prepare() }
    }

    package var layout: ParameterLayout { online.layout }

    package var updateCount: Int { updates.value }

    package var targetRefreshCount: Int { refreshes.load(ordering: .relaxed) }

    package var inPlace: (online: ParameterSlab, target: ParameterSlab?)? { hasOneWorker ? (online, target) : nil }

    /// Copies the newest online parameters; O(parameters), without a lock.
    package func pull(into parameters: ParameterSlab) -> Int {
        let version = updateCount
        if parameters !== online { parameters.copy(from: online) }
        return version
    }

    /// Copies the target parameters if there are newer ones; then O(parameters).
    package func pullTarget(into parameters: ParameterSlab, ifNewerThan version: Int?) -> Int {
        // Read once: a refresh between two reads would look like one that has been copied.
        let newest = targetRefreshCount
        guard let target, version != newest else { return newest }
        return targetLock.withLock {
            if parameters !== target { parameters.copy(from: target) }
            return targetRefreshCount
        }
    }

    package func norm(of gradients: ParameterSlab) -> Double { optimizer.norm(of: gradients) }

    /// Takes an optimiser step on the shared slab; O(parameters), without a lock.
    @discardableResult
    package func push(
        _ gradients: ParameterSlab, learningRate: Double, scale: Float, optimizer workerOptimizer: Optimizer?,
        pullingInto copy: ParameterSlab?
    ) -> Int {
        // Every method pushes its gradients, a plug-in's too: a long update is not stuck.
        Heartbeat.current?.beat()
        let copy = copy === online ? nil : copy
        if let workerOptimizer {
            workerOptimizer.step(
                online, gradients: gradients, learningRate: learningRate, gradientScale: scale, copy: copy)
        } else {
            optimizer.step(
                online, gradients: gradients, learningRate: learningRate, gradientScale: scale, copy: copy)
        }
        return updates.add(1)
    }

    /// Moves the target parameters towards the online parameters; O(parameters).
    package func refreshTarget(rate: Double) {
        guard let target else { return }
        targetLock.withLock {
            target.move(towards: online, by: rate)
            refreshes.add(1, ordering: .relaxed)
        }
    }

    /// Copies the state, into the memory of an earlier snapshot if nothing holds that any more.
    package func snapshot() -> ParameterState {
        snapshotLock.withLock {
            ParameterState(
                online: onlineCopies.next(), target: targetCopies?.next(),
                optimizer: optimizer.state(slots: slotCopies.mapValues { $0.next() }), updateCount: updateCount,
                targetRefreshCount: targetRefreshCount)
        }
    }
}
