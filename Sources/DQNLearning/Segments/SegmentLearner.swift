internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork

/// The learner of the methods without a replay (Mnih 2016): copies θ′ ← θ, acts for a few steps, computes the summed
/// gradient of these steps at θ′, applies it to θ without a lock, and starts over.
///
/// The ``SegmentRule`` decides what is learned from a segment. With several environments, one update learns from the steps
/// of all of them: the gradient is summed over the steps and averaged over the environments.
final class SegmentLearner: OpenUpdateLearner {
    private let configuration: TrainingConfiguration
    private let rule: any SegmentRule
    private let networks: SegmentNetworks
    /// θ′ for the observations of a segment, with gradients.
    private let onlineNetwork: any NetworkComputation
    private let segment: Segment
    private let actionCount: Int
    /// `nil` for an actor-critic, which samples its actions.
    private var exploration: Exploration?
    private var masks: CurrentMasks
    var statistics = TrainingStatistics()

    private let parameters: WorkerParameters
    /// The update from a complete segment, if the run stopped before it was taken.
    var openUpdate: OpenUpdate?
    /// The segment's rewards without the bonuses of `munchausen`; empty without these.
    private var plainRewards: [Float]

    init(_ context: LearnerContext, _ method: any TrainingMethod, rule: any SegmentRule) throws {
        let configuration = context.configuration
        self.configuration = configuration
        self.rule = rule
        let restored = try context.restoredWithUpdate()
        openUpdate = try OpenUpdate(restored)
        exploration = method.isActorCritic ? nil : Exploration(context)
        masks = try CurrentMasks(context)
        segment = Segment(
            length: configuration.segmentLength, environments: configuration.environmentsPerWorker,
            bytesPerObservation: context.architecture.input.byteCount, actionCount: context.architecture.actionCount,
            endsWithEpisode: configuration.environmentsPerWorker == 1)
        actionCount = context.architecture.actionCount
        plainRewards = configuration.munchausen ? Array(repeating: 0, count: segment.capacity) : []
        parameters = try WorkerParameters(context, restoring: restored)
        networks = try SegmentNetworks(context, method, rule: rule, parameters: parameters.values)
        onlineNetwork = try context.backend.makeComputation(
            of: context.architecture, batchSize: segment.capacity, training: true)
        if let restored {
            try segment.restore(restored, actionCount: actionCount)
            guard openUpdate == nil || segment.isComplete else {
                throw ModelError.invalid("The stored open update belongs to a segment that is not complete.")
            }
            try restoreNextActions(restored)
        }
        try context.requireRound(of: segment)
        try parameters.load(restored, openSteps: segment.count, context)
        try networks.reloadParameters()
    }

    private func restoreNextActions(_ snapshot: StateSnapshot) throws(ModelError) {
        guard snapshot.values["next_action"] != nil else { return }
        let stored = try snapshot.int64("next_action", count: segment.environments)
        for (environment, action) in stored.enumerated() {
            guard (0..<Int64(actionCount)).contains(action) || (action == -1 && segment.environments > 1) else {
                throw .invalid("The stored next action is \(action), but the actions are 0…\(actionCount - 1).")
            }
            networks.nextActions[environment] = Int(action)
        }
    }

    func beginEpisode(_ observation: StackedObservation, in environment: Int) {
        masks[environment] = observation.actionMask
    }

    func chooseActions(
        in environments: Range<Int>, at step: StepCount, using generator: inout RandomGenerator,
        into actions: UnsafeMutableBufferPointer<Int>, observation: (Int) -> Observation
    ) throws {
        var outputs: UnsafeBufferPointer<Float>?
        for environment in environments {
            segment.setObservation(observation(environment), masks[environment], of: environment)
        }
        for environment in environments {
            let step = step.advanced(by: environment - environments.lowerBound)
            exploration?.resampleIfDue(at: step, using: &generator)
            let next = networks.nextActions[environment]
            networks.nextActions[environment] = -1
            if next >= 0 {
                actions[environment] = next
                continue
            }
            actions[environment] = try chooseAction(
                of: environment, masks[environment], at: step, using: &generator, &outputs
            ) {
                for environment in environments {
                    networks.load(segment.observation(segment.nextRow(of: environment)), row: environment)
                }
            }
        }
    }

    /// Chooses an environment's action.
    ///
    /// - Parameters:
    ///   - mask: Whether each action is allowed; `nil` allows all.
    ///   - outputs: The outputs of θ′, one row per environment; `nil` until a choice needs them.
    ///   - load: Loads the observations that the outputs are for.
    private func chooseAction(
        of environment: Int, _ mask: [Bool]?, at step: StepCount, using generator: inout RandomGenerator,
        _ outputs: inout UnsafeBufferPointer<Float>?, load: () -> Void
    ) throws -> Int {
        try rule.chooseAction(
            epsilon: exploration?.epsilon(at: step, in: environment) ?? 0, actions: actionCount, allowing: mask,
            using: &generator
        ) {
            if outputs == nil {
                load()
                outputs = try networks.outputs()
            }
            guard let all = outputs else { preconditionFailure("the outputs were just computed") }
            MaskedOutputs.apply(mask, to: all, row: environment, of: onlineNetwork.architecture)
            let width = all.count / segment.environments
            return UnsafeBufferPointer(rebasing: all[(environment * width)..<((environment + 1) * width)])
        }
    }

    /// Chooses the actions at the observations after the last round, as the targets depend on them.
    private func chooseAhead(at step: StepCount, using generator: inout RandomGenerator) throws {
        var outputs: UnsafeBufferPointer<Float>?
        let rows = segment.lastRound
        for (environment, row) in rows.enumerated() where !segment.isTerminated(row) {
            let mask = segment.nextMask(row).map { $0.map { $0 != 0 } }
            let action = try chooseAction(
                of: environment, mask, at: step.advanced(by: environment), using: &generator, &outputs
            ) {
                for (environment, row) in rows.enumerated() {
                    networks.load(segment.nextObservation(row), row: environment)
                }
            }
            segment.nextActions[row] = Int32(action)
            // At a time limit, the action is chosen for its value only: the episode has ended.
            if !segment.isTruncated(row) { networks.nextActions[environment] = action }
        }
    }

    func observe(_ transition: Transition, in environment: Int) {
        segment.add(transition, of: environment)
        masks[environment] = transition.next.actionMask
    }

    func explorationRate(at step: StepCount) -> Double? { exploration?.epsilon(at: step) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        if rule.choosesAhead { try chooseAhead(at: step, using: &generator) }
        guard segment.isComplete else { return }
        try update(steps: 1, at: step)
    }

    func takeGradientStep(_ number: Int, at total: Int) throws {
        for row in plainRewards.indices { plainRewards[row] = segment.rewards[row] }
        do { try learnFromSegment(at: total) } catch {
            // A step that is cut short adds its bonuses again.
            for row in plainRewards.indices { segment.rewards[row] = plainRewards[row] }
            throw error
        }
    }

    func endUpdate() throws {
        segment.clear()
        try networks.reloadParameters()
    }

    private func learnFromSegment(at total: Int) throws {
        segment.load(into: onlineNetwork)
        try onlineNetwork.use(parameters.values)
        let outputs = try onlineNetwork.forward()
        // An actor-critic's policy is that of the allowed actions; an action that was taken is never masked.
        for row in 0..<segment.count {
            MaskedOutputs.apply(bytes: segment.mask(row), to: outputs, row: row, of: onlineNetwork.architecture)
        }
        var result = try rule.evaluate(segment, networks, outputs: outputs, gradient: onlineNetwork.outputGradient)
        if segment.environments > 1 { result.average(over: segment.environments, onlineNetwork.outputGradient) }
        try onlineNetwork.backward(into: parameters.gradients)
        try parameters.push(loss: result.loss, at: total, &statistics)
        if let parts = result.parts { statistics.add(parts) }
    }

    func save(into state: inout WorkerState) throws {
        exploration?.save(into: &state)
        var values: [String: StateSnapshot.Value] = [:]
        segment.save(into: &values, whole: hasOpenUpdate)
        if networks.nextActions.contains(where: { $0 >= 0 }) {
            values["next_action"] = .int64(networks.nextActions.map(Int64.init))
        }
        parameters.save(openSteps: segment.count, into: &values)
        save(values, of: configuration.method, into: &state)
    }

    func abandonEpisode(in environment: Int) {
        segment.abandonEpisode(of: environment)
        if !segment.isComplete { openUpdate = nil }
        networks.nextActions[environment] = -1
    }
}
