public import DQNCheckpoint
public import DQNModel
public import DQNNetwork

/// The state of a ``ParameterStore``, by value: what a checkpoint stores of it and what a new store starts from.
public struct ParameterState: Sendable {
    /// θ, in the layout's order.
    public var online: [Float]
    /// θ⁻; `nil` for a method without a target network.
    public var target: [Float]?
    /// The state of the shared optimiser; `nil` for one that has taken no step.
    public var optimizer: OptimizerState?
    /// Gradients applied.
    public var updateCount: Int
    /// Refreshes of the target parameters.
    public var targetRefreshCount: Int

    /// Creates a state.
    public init(
        online: [Float], target: [Float]?, optimizer: OptimizerState?, updateCount: Int = 0, targetRefreshCount: Int = 0
    ) {
        self.online = online
        self.target = target
        self.optimizer = optimizer
        self.updateCount = updateCount
        self.targetRefreshCount = targetRefreshCount
    }
}

extension ParameterState {
    /// The initial state of a new run: parameters drawn from the run's seed, with the target equal to them.
    package init(
        drawnFor configuration: TrainingConfiguration, _ architecture: NetworkArchitecture, layout: ParameterLayout,
        usesTarget: Bool
    ) {
        var generator = RandomGenerator(seed: UInt64(configuration.seed), stream: "initialisation")
        let slab = ParameterSlab(layout: layout)
        slab.initialize(configuration.initialization, of: architecture, using: &generator)
        let online = slab.values
        self.init(online: online, target: usesTarget ? online : nil, optimizer: nil)
    }

    /// The state that a checkpoint stores.
    ///
    /// - Throws: ``TrainingError`` (`cannotResume`) if the target network or the optimiser's state is missing from it.
    package init(
        restoring checkpoint: Checkpoint, for configuration: TrainingConfiguration, usesTarget: Bool
    ) throws(TrainingError) {
        let kind = configuration.optimizer.kind.rawValue
        guard (checkpoint.target != nil) == usesTarget, let optimizer = checkpoint.optimizer, optimizer.kind == kind
        else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint has no target network or no \(kind) state "
                    + "(stripped: \(checkpoint.stripped.joined(separator: ", "))); resume from a complete checkpoint.")
        }
        self.init(
            online: checkpoint.online, target: checkpoint.target, optimizer: optimizer,
            updateCount: checkpoint.counters.gradientUpdates, targetRefreshCount: checkpoint.counters.targetRefreshes)
    }
}

extension Optimizer {
    /// Creates an optimiser, or restores one from its ``state``.
    ///
    /// - Parameter configuration: The kind and its constants.
    /// - Parameter layout: The positions of the parameters.
    /// - Parameter state: The stored state; `nil` creates the initial one.
    /// - Parameter team: The threads that share each step; only one thread may then step this optimiser.
    /// - Throws: `NetworkError` (`invalidState`) naming a slot that is missing or has another length.
    public convenience init(
        _ configuration: OptimizerConfiguration, layout: ParameterLayout, restoring state: OptimizerState?,
        team: ComputeTeam? = nil
    ) throws(NetworkError) {
        guard let state else {
            self.init(configuration, layout: layout, team: team)
            return
        }
        try self.init(configuration, layout: layout, stepCount: state.stepCount, slots: state.slots, team: team)
    }

    /// A copy of the state, for a checkpoint; O(parameters).
    public var state: OptimizerState { state(slots: slotValues) }

    func state(slots: [String: [Float]]) -> OptimizerState {
        OptimizerState(
            kind: configuration.kind.rawValue, hyperparameters: configuration.hyperparameters, stepCount: stepCount,
            slots: slots)
    }
}
