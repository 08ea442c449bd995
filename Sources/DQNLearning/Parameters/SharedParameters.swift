package import DQNCheckpoint
package import DQNModel
package import DQNNetwork
internal import DQNSupport
internal import Synchronization

/// The parameters of a run in this process's memory: one slab that all workers read and write without locks (Hogwild,
/// Recht 2011; Mnih 2016, section 4).
///
/// `@unchecked Sendable`: the online slab and the optimiser's slots are plain floats that race by declared intention;
/// the target slab is written and copied under `targetLock`, for it changes rarely and all at once; the counts are
/// atomic; nothing else changes.
package final class SharedParameters: ParameterStore, @unchecked Sendable {
    /// θ.
    package let online: ParameterSlab
    /// θ⁻, where the method has a target network.
    let target: ParameterSlab?
    /// The statistics that all workers share.
    let optimizer: Optimizer
    private let isSole: Bool
    private let targetLock = Lock()
    private let updates: Atomic<Int>
    private let refreshes: Atomic<Int>

    /// Where the named parameters stand.
    package var layout: ParameterLayout { online.layout }

    /// Takes over slabs and an optimiser.
    ///
    /// - Parameter workers: how many workers will train them.
    init(
        online: ParameterSlab, target: ParameterSlab?, optimizer: Optimizer, workers: Int, updateCount: Int = 0,
        targetRefreshCount: Int = 0
    ) {
        self.online = online
        self.target = target
        self.optimizer = optimizer
        isSole = workers == 1
        updates = Atomic(updateCount)
        refreshes = Atomic(targetRefreshCount)
    }

    /// Gradients applied so far.
    package var updateCount: Int { updates.load(ordering: .relaxed) }

    /// Refreshes of the target parameters so far.
    package var targetRefreshCount: Int { refreshes.load(ordering: .relaxed) }

    /// The slabs themselves where the run has one worker.
    package var sole: SoleParameters? { isSole ? SoleParameters(online: online, target: target) : nil }

    /// Copies the newest online parameters; O(parameters), without a lock.
    package func pull(into parameters: ParameterSlab) -> Int {
        let version = updateCount
        if parameters !== online { parameters.copy(from: online) }
        return version
    }

    /// Copies the target parameters when there are newer ones; O(parameters) then.
    package func pullTarget(into parameters: ParameterSlab, ifNewerThan version: Int?) -> Int {
        // Read once: a refresh between two readings would pass for one that has been copied.
        let newest = targetRefreshCount
        guard let target, version != newest else { return newest }
        return targetLock.withLock {
            if parameters !== target { parameters.copy(from: target) }
            return targetRefreshCount
        }
    }

    /// Steps the optimiser on the shared slab; O(parameters), without a lock.
    @discardableResult
    package func push(
        _ gradients: ParameterSlab, learningRate: Double, scale: Float, statistics: Optimizer?,
        pullingInto copy: ParameterSlab?
    ) -> Int {
        (statistics ?? optimizer).step(
            online, gradients: gradients, learningRate: learningRate, gradientScale: scale,
            copy: copy === online ? nil : copy)
        return updates.add(1, ordering: .relaxed).oldValue
    }

    /// Moves the target parameters; O(parameters).
    package func refreshTarget(rate: Double) {
        guard let target else { return }
        targetLock.withLock {
            if rate == 1 {
                target.copy(from: online)
            } else {
                let rate = Float(rate)
                for index in target.elements.indices {
                    target.elements[index] += rate * (online.elements[index] - target.elements[index])
                }
            }
            refreshes.add(1, ordering: .relaxed)
        }
    }
}

/// Copies of shared parameters for one checkpoint after the other.
///
/// Not thread-safe: the chief's.
package final class SharedParameterCopies {
    private let optimizer: Optimizer
    private let onlineCopies: SlabCopies
    private let targetCopies: SlabCopies?
    private let slotCopies: [String: SlabCopies]

    /// Two of each are kept: by the next save the last one may still be on its way to the disk.
    package init(of parameters: SharedParameters) {
        optimizer = parameters.optimizer
        onlineCopies = SlabCopies(of: parameters.online, keeping: 2)
        targetCopies = parameters.target.map { SlabCopies(of: $0, keeping: 2) }
        slotCopies = optimizer.slotCopies(keeping: 2)
    }

    package var online: [Float] { onlineCopies.next() }
    package var target: [Float]? { targetCopies?.next() }
    package var optimizerState: OptimizerState {
        OptimizerState(
            kind: optimizer.configuration.kind.rawValue, hyperparameters: optimizer.configuration.hyperparameters,
            stepCount: optimizer.stepCount, slots: slotCopies.mapValues { $0.next() })
    }
}
