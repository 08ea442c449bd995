internal import DQNModel
internal import DQNNetwork

/// The networks of a ``SegmentLearner`` that a rule computes targets with.
///
/// Not thread-safe: each worker has its own.
final class SegmentNetworks {
    let configuration: TrainingConfiguration
    /// The actions already chosen for each environment's newest observation, by a rule that chooses ahead; −1 for none.
    let nextActions: UnsafeMutableBufferPointer<Int>
    /// The networks' architecture: a copy of theirs would count references that all workers share.
    private let architecture: NetworkArchitecture
    private let actionCount: Int
    /// θ′ for one observation of each environment.
    private let actingNetwork: any NetworkComputation
    /// θ⁻ for next observations; `nil` for a method without a target network.
    private let targetNetwork: (any NetworkComputation)?
    /// θ′ for next observations; with `double` only.
    private let selectionNetwork: (any NetworkComputation)?
    private let munchausen: Munchausen?
    private let store: any ParameterStore
    private let parameters: ParameterSlab
    private let targetParameters: ParameterSlab?
    private var targetVersion: Int?

    /// Creates the networks.
    ///
    /// - Parameter parameters: θ′.
    init(
        _ context: LearnerContext, _ method: any TrainingMethod, rule: any SegmentRule, parameters: ParameterSlab
    ) throws(NetworkError) {
        configuration = context.configuration
        store = context.store
        self.parameters = parameters
        munchausen = configuration.munchausenConstants
        let environments = configuration.environmentsPerWorker
        nextActions = .allocate(capacity: environments)
        nextActions.initialize(repeating: -1)
        let usesEveryStep = rule.bootstrapsEveryStep || munchausen != nil
        let rows = environments * (usesEveryStep ? configuration.segmentLength : 1)
        architecture = context.architecture
        actionCount = architecture.actionCount
        let backend = context.backend
        actingNetwork = try backend.makeComputation(of: architecture, batchSize: environments, training: false)
        targetParameters = method.usesTarget ? store.inPlace?.target ?? ParameterSlab(layout: store.layout) : nil
        targetNetwork =
            method.usesTarget
            ? try backend.makeComputation(of: architecture, batchSize: rows, training: false) : nil
        selectionNetwork =
            method.usesTarget && configuration.doubleDQN
            ? try backend.makeComputation(of: architecture, batchSize: rows, training: false) : nil
    }

    deinit { nextActions.deallocate() }

    /// Loads an observation into a row of the acting network.
    func load(_ observation: UnsafeRawBufferPointer, row: Int) {
        actingNetwork.load(observation, row: row, offset: 0)
    }

    /// Returns the outputs of θ′ for the loaded observations, one row per environment, valid until the next call.
    func outputs() throws(NetworkError) -> UnsafeBufferPointer<Float> { try actingNetwork.forward() }

    /// Acts with the current θ′ from now on. Call it after θ′ has changed.
    func reloadParameters() throws(NetworkError) { try actingNetwork.use(parameters) }

    /// Writes the value V(s′; θ′) of the observation after each row that is bootstrapped from into the row's target. The
    /// value is the network's last output.
    func writeStateValues(after segment: Segment) throws {
        try segment.forEachBootstrap { rows in
            for (index, row) in rows.enumerated() { load(segment.nextObservation(row), row: index) }
            let outputs = try outputs()
            let width = outputs.count / segment.environments
            for (index, row) in rows.enumerated() { segment.targets[row] = outputs[(index + 1) * width - 1] }
        }
    }

    /// Writes the value Q(s′, a*; θ⁻) of the observation after each row that is bootstrapped from into the row's target,
    /// or with `munchausen` its soft maximum.
    ///
    /// a* is the best action by θ⁻ or, with `double`, by θ′.
    func writeGreedyValues(after segment: Segment) throws {
        try segment.forEachBootstrap { rows in
            for (index, row) in rows.enumerated() {
                targetNetwork?.load(segment.nextObservation(row), row: index, offset: 0)
                selectionNetwork?.load(segment.nextObservation(row), row: index, offset: 0)
            }
            try writeGreedyValues(count: rows.count, mask: { segment.nextMask(rows[$0]) }) { index, value in
                segment.targets[rows[index]] = value
            }
        }
    }

    /// Writes the value Q(s′, a*; θ⁻) of the observation after every row into the row's target.
    func writeEveryGreedyValue(after segment: Segment) throws {
        if let targetNetwork { segment.loadNext(into: targetNetwork) }
        if let selectionNetwork { segment.loadNext(into: selectionNetwork) }
        try writeGreedyValues(count: segment.count, mask: segment.nextMask) { row, value in
            segment.targets[row] = value
        }
    }

    private func writeGreedyValues(
        count: Int, mask: (Int) -> UnsafeRawBufferPointer?, _ write: (Int, Float) -> Void
    ) throws {
        let width = actionCount
        let values = try targetForward()
        for index in 0..<count {
            MaskedOutputs.apply(bytes: mask(index), to: values, row: index, of: architecture)
        }
        if let munchausen {
            for index in 0..<count {
                let row = (index * width)..<((index + 1) * width)
                write(index, munchausen.softMaximum(UnsafeBufferPointer(rebasing: values[row])))
            }
            return
        }
        var choices = values
        if let selectionNetwork {
            try selectionNetwork.use(parameters)
            choices = try selectionNetwork.forward()
            for index in 0..<count {
                MaskedOutputs.apply(bytes: mask(index), to: choices, row: index, of: architecture)
            }
        }
        for index in 0..<count {
            let row = index * width
            write(index, values[row + UnsafeBufferPointer(rebasing: choices[row..<(row + width)]).indexOfMaximum])
        }
    }

    /// Returns Q(s′, ·; θ⁻) of the observation after each row.
    func targetOutputs(after segment: Segment) throws -> UnsafeBufferPointer<Float> {
        if let targetNetwork { segment.loadNext(into: targetNetwork) }
        return try targetForward()
    }

    /// Adds the log-policy of each row's action to its reward, with `munchausen`. The policy is that of θ⁻.
    func addBonuses(to segment: Segment) throws {
        guard let munchausen else { return }
        if let targetNetwork { segment.load(into: targetNetwork) }
        let outputs = try targetForward()
        let width = actionCount
        for row in 0..<segment.count {
            MaskedOutputs.apply(bytes: segment.mask(row), to: outputs, row: row, of: architecture)
            let values = UnsafeBufferPointer(rebasing: outputs[(row * width)..<((row + 1) * width)])
            segment.addToReward(row, munchausen.bonus(values, action: Int(segment.actions[row])))
        }
    }

    private func targetForward() throws -> UnsafeBufferPointer<Float> {
        guard let targetNetwork, let targetParameters else {
            preconditionFailure("a method with usesTarget == false has no target network")
        }
        let version = try store.pullTarget(into: targetParameters, ifNewerThan: targetVersion)
        if version != targetVersion {
            try targetNetwork.use(targetParameters)
            targetVersion = version
        }
        return try targetNetwork.forward()
    }

    /// Returns the configured loss of a segment's Q-values against its targets, summed over the rows.
    func loss(
        of segment: Segment, outputs: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
    ) -> SegmentLoss {
        SegmentLoss(
            loss: configuration.loss.evaluate(
                outputs: outputs, actions: UnsafeBufferPointer(segment.actions),
                targets: UnsafeBufferPointer(segment.targets), gradient: gradient, reduction: .sum,
                count: segment.count))
    }
}
