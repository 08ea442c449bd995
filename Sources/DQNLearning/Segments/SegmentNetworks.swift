internal import DQNModel
internal import DQNNetwork

/// The networks of a ``SegmentLearner`` that a rule computes targets with.
///
/// Not thread-safe: each worker has its own.
final class SegmentNetworks {
    let configuration: TrainingConfiguration
    /// The action already chosen for the observation after the last step, by a rule that chooses ahead.
    var nextAction: Int?
    /// θ′ for one observation.
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
        let rows = rule.bootstrapsEveryStep || munchausen != nil ? configuration.segmentLength : 1
        let (architecture, backend) = (context.architecture, context.backend)
        actingNetwork = try backend.makeComputation(of: architecture, batchSize: 1, training: false)
        targetParameters = method.usesTarget ? store.inPlace?.target ?? ParameterSlab(layout: store.layout) : nil
        targetNetwork =
            method.usesTarget
            ? try backend.makeComputation(of: architecture, batchSize: rows, training: false) : nil
        selectionNetwork =
            method.usesTarget && configuration.doubleDQN
            ? try backend.makeComputation(of: architecture, batchSize: rows, training: false) : nil
    }

    /// Returns the outputs of θ′ for one observation, valid until the next call.
    func outputs(_ observation: UnsafeRawBufferPointer) throws(NetworkError) -> UnsafeBufferPointer<Float> {
        actingNetwork.load(observation, row: 0, offset: 0)
        return try actingNetwork.forward()
    }

    /// Acts with the current θ′ from now on. Call it after θ′ has changed.
    func reloadParameters() throws(NetworkError) { try actingNetwork.use(parameters) }

    /// Writes the value Q(s′, a*; θ⁻) of the observation after each step, or with `munchausen` its soft maximum.
    ///
    /// a* is the best action by θ⁻ or, with `double`, by θ′.
    func greedyValues(after segment: Segment, into values: UnsafeMutableBufferPointer<Float>) throws {
        try writeGreedyValues(of: segment, steps: 0..<segment.count, into: values)
    }

    /// Returns the value Q(s′, a*; θ⁻) of the observation after the last step.
    func greedyValue(afterLastOf segment: Segment) throws -> Float {
        var value: Float = 0
        try withUnsafeMutablePointer(to: &value) {
            try writeGreedyValues(
                of: segment, steps: (segment.count - 1)..<segment.count,
                into: UnsafeMutableBufferPointer(start: $0, count: 1))
        }
        return value
    }

    private func writeGreedyValues(
        of segment: Segment, steps: Range<Int>, into values: UnsafeMutableBufferPointer<Float>
    ) throws {
        let width = actingNetwork.architecture.actionCount
        let targetValues = try targetOutputs(after: segment, steps: steps)
        if let munchausen {
            for row in 0..<steps.count {
                values[row] = munchausen.softMaximum(
                    UnsafeBufferPointer(rebasing: targetValues[(row * width)..<((row + 1) * width)]))
            }
            return
        }
        var choices = targetValues
        if let selectionNetwork {
            segment.loadNext(steps, into: selectionNetwork)
            try selectionNetwork.use(parameters)
            choices = try selectionNetwork.forward()
        }
        for index in steps.indices {
            let row = (index - steps.lowerBound) * width
            values[index - steps.lowerBound] =
                targetValues[row + UnsafeBufferPointer(rebasing: choices[row..<(row + width)]).indexOfMaximum]
        }
    }

    /// Returns Q(s′, ·; θ⁻) of the observation after each step, one row per step.
    func targetOutputs(after segment: Segment) throws -> UnsafeBufferPointer<Float> {
        try targetOutputs(after: segment, steps: 0..<segment.count)
    }

    /// Adds the log-policy of each step's action to its reward, with `munchausen`. The policy is that of θ⁻.
    func addBonuses(to segment: Segment) throws {
        guard let munchausen else { return }
        let target = try currentTargetNetwork()
        segment.load(into: target)
        let outputs = try target.forward()
        let width = actingNetwork.architecture.actionCount
        for index in 0..<segment.count {
            let values = UnsafeBufferPointer(rebasing: outputs[(index * width)..<((index + 1) * width)])
            segment.addToReward(index, munchausen.bonus(values, action: Int(segment.actions[index])))
        }
    }

    private func targetOutputs(after segment: Segment, steps: Range<Int>) throws -> UnsafeBufferPointer<Float> {
        let target = try currentTargetNetwork()
        segment.loadNext(steps, into: target)
        return try target.forward()
    }

    /// Returns the target network with the newest θ⁻.
    private func currentTargetNetwork() throws -> any NetworkComputation {
        guard let targetNetwork, let targetParameters else {
            preconditionFailure("a method with usesTarget == false has no target network")
        }
        let version = try store.pullTarget(into: targetParameters, ifNewerThan: targetVersion)
        if version != targetVersion {
            try targetNetwork.use(targetParameters)
            targetVersion = version
        }
        return targetNetwork
    }

    /// Returns the configured loss of a segment's Q-values against its targets, summed over the steps.
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
