internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNModel
internal import DQNNetwork

/// The learner of ``PQN``: acts for a number of rounds, then learns from these steps in several passes and drops them.
///
/// A run's only worker computes on the shared parameters themselves. One of several computes on a copy θ′, which each of
/// its updates refreshes.
final class RolloutLearner: OpenUpdateLearner {
    private let configuration: TrainingConfiguration
    private let segment: Segment
    /// max Q(s, ·; θ′) of the observation before each step.
    private let values: UnsafeMutableBufferPointer<Float>
    /// The rows in the order of the current epoch.
    private let order: UnsafeMutableBufferPointer<Int>
    /// Actions and targets of a minibatch.
    private let actions: UnsafeMutableBufferPointer<Int32>
    private let targets: UnsafeMutableBufferPointer<Float>
    private var shuffling: RandomGenerator
    private var exploration: Exploration
    private var masks: CurrentMasks
    var statistics = TrainingStatistics()

    /// The minibatches that are left of the epochs, if the run stopped before all were learned from.
    var openUpdate: OpenUpdate?
    private let parameters: WorkerParameters
    /// θ′ for one observation of each environment.
    private let actingNetwork: any NetworkComputation
    /// θ′ for a minibatch, with gradients.
    private let onlineNetwork: any NetworkComputation
    private let actionCount: Int

    init(_ context: LearnerContext) throws {
        let configuration = context.configuration
        self.configuration = configuration
        let restored = try context.restoredWithUpdate()
        openUpdate = try OpenUpdate(restored)
        exploration = Exploration(context)
        masks = try CurrentMasks(context)
        shuffling = context.generator("shuffling")
        segment = Segment(
            length: configuration.segmentLength, environments: configuration.environmentsPerWorker,
            bytesPerObservation: context.architecture.input.byteCount, actionCount: context.architecture.actionCount,
            endsWithEpisode: false)
        let rows = segment.capacity / configuration.minibatches
        values = .allocate(capacity: segment.capacity)
        values.initialize(repeating: 0)
        order = .allocate(capacity: segment.capacity)
        order.initialize(repeating: 0)
        actions = .allocate(capacity: rows)
        actions.initialize(repeating: 0)
        targets = .allocate(capacity: rows)
        targets.initialize(repeating: 0)
        parameters = try WorkerParameters(context, restoring: restored)
        let (architecture, backend) = (context.architecture, context.backend)
        actionCount = architecture.actionCount
        actingNetwork = try backend.makeComputation(
            of: architecture, batchSize: segment.environments, training: false)
        onlineNetwork = try backend.makeComputation(of: architecture, batchSize: rows, training: true)
        if let restored {
            try segment.restore(restored, actionCount: actionCount)
            if openUpdate != nil { try restoreUpdate(restored) }
            if segment.count > 0 {
                _ = values.update(fromContentsOf: try restored.float32("segment.values", count: segment.count))
            }
        }
        try context.requireRound(of: segment)
        try parameters.load(restored, openSteps: segment.count, context)
        try actingNetwork.use(parameters.values)
    }

    deinit {
        values.deallocate()
        order.deallocate()
        actions.deallocate()
        targets.deallocate()
    }

    func beginEpisode(_ observation: StackedObservation, in environment: Int) {
        masks[environment] = observation.actionMask
    }

    func chooseActions(
        in environments: Range<Int>, at step: StepCount, using generator: inout RandomGenerator,
        into actions: UnsafeMutableBufferPointer<Int>, observation: (Int) -> Observation
    ) throws {
        for environment in environments {
            segment.setObservation(observation(environment), masks[environment], of: environment)
            actingNetwork.load(
                segment.observation(segment.nextRow(of: environment)), row: environment, offset: 0)
        }
        // Random actions too need the values, which are part of the returns.
        let outputs = try actingNetwork.forward()
        for environment in environments {
            let step = step.advanced(by: environment - environments.lowerBound)
            exploration.resampleIfDue(at: step, using: &generator)
            MaskedOutputs.apply(masks[environment], to: outputs, row: environment, of: actingNetwork.architecture)
            let row = UnsafeBufferPointer(
                rebasing: outputs[(environment * actionCount)..<((environment + 1) * actionCount)])
            let best = row.indexOfMaximum
            values[segment.nextRow(of: environment)] = row[best]
            let epsilon = exploration.epsilon(at: step, in: environment)
            actions[environment] =
                epsilon > 0 && generator.uniform() < epsilon
                ? generator.action(of: actionCount, allowing: masks[environment]) : best
        }
    }

    func observe(_ transition: Transition, in environment: Int) {
        segment.add(transition, of: environment)
        masks[environment] = transition.next.actionMask
    }

    func explorationRate(at step: StepCount) -> Double? { exploration.epsilon(at: step) }

    func abandonEpisode(in environment: Int) { segment.abandonEpisode(of: environment) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        guard segment.isComplete else { return }
        try writeReturns()
        try update(steps: configuration.epochs * minibatches, at: step)
    }

    /// The minibatches of an epoch.
    private var minibatches: Int { segment.capacity / onlineNetwork.batchSize }

    func endUpdate() throws {
        segment.clear()
        try actingNetwork.use(parameters.values)
    }

    /// Learns from the minibatch of a number, counted over all epochs.
    func takeGradientStep(_ number: Int, at total: Int) throws {
        let before = shuffling
        let minibatch = number % minibatches
        do {
            if minibatch == 0 { shuffle() }
            let rows = onlineNetwork.batchSize
            try learn(UnsafeBufferPointer(rebasing: order[(minibatch * rows)..<((minibatch + 1) * rows)]), at: total)
        } catch {
            // A step that is cut short draws the same order again.
            shuffling = before
            throw error
        }
    }

    /// Writes the λ-return of each row into its target, from the last to the first (section 3).
    private func writeReturns() throws {
        // The values of the observations that no row continues from.
        try segment.forEachBootstrap { rows in
            for (index, row) in rows.enumerated() {
                actingNetwork.load(segment.nextObservation(row), row: index, offset: 0)
            }
            let outputs = try actingNetwork.forward()
            for (index, row) in rows.enumerated() {
                MaskedOutputs.apply(
                    bytes: segment.nextMask(row), to: outputs, row: index, of: actingNetwork.architecture)
                let range = (index * actionCount)..<((index + 1) * actionCount)
                let outputs = UnsafeBufferPointer(rebasing: outputs[range])
                segment.targets[row] = outputs[outputs.indexOfMaximum]
            }
        }
        segment.writeLambdaReturns(
            values: UnsafeBufferPointer(values), discount: Float(configuration.discount),
            lambda: Float(configuration.returnLambda))
    }

    /// Draws a new order of the rows (Fisher–Yates).
    private func shuffle() {
        for row in order.indices { order[row] = row }
        for row in stride(from: order.count - 1, to: 0, by: -1) {
            order.swapAt(row, shuffling.integer(below: row + 1))
        }
    }

    /// Takes one optimiser step on a minibatch.
    private func learn(_ rows: UnsafeBufferPointer<Int>, at total: Int) throws {
        for (index, row) in rows.enumerated() {
            onlineNetwork.load(segment.observation(row), row: index, offset: 0)
            actions[index] = segment.actions[row]
            targets[index] = segment.targets[row]
        }
        try onlineNetwork.use(parameters.values)
        let outputs = try onlineNetwork.forward()
        let loss = configuration.loss.evaluate(
            outputs: outputs, actions: UnsafeBufferPointer(actions), targets: UnsafeBufferPointer(targets),
            gradient: onlineNetwork.outputGradient)
        try onlineNetwork.backward(into: parameters.gradients)
        try parameters.push(loss: loss, at: total, &statistics)
    }

    func save(into state: inout WorkerState) throws {
        state.generators["shuffling"] = shuffling
        exploration.save(into: &state)
        var values: [String: StateSnapshot.Value] = [:]
        segment.save(into: &values, whole: hasOpenUpdate)
        if values["segment.actions"] != nil {
            values["segment.values"] = .float32(Array(self.values[..<segment.count]))
        }
        parameters.save(openSteps: segment.count, into: &values)
        if let openUpdate {
            values["segment.targets"] = .float32(Array(segment.targets))
            // Another epoch draws its own order.
            if openUpdate.taken % minibatches > 0 { values["segment.order"] = .int64(order.map(Int64.init)) }
        }
        save(values, of: configuration.method, into: &state)
    }

    /// Restores the targets and the order of the rows, which an open update has determined.
    private func restoreUpdate(_ snapshot: StateSnapshot) throws(ModelError) {
        guard segment.isComplete, let openUpdate, openUpdate.steps == configuration.epochs * minibatches else {
            throw .invalid("The stored open update does not fit the segment.")
        }
        let targets = try snapshot.float32("segment.targets", count: segment.capacity)
        _ = segment.targets.update(fromContentsOf: targets)
        guard openUpdate.taken % minibatches > 0 else { return }
        let stored = try snapshot.int64("segment.order", count: segment.capacity)
        guard stored.sorted().elementsEqual(0..<Int64(segment.capacity)) else {
            throw .invalid("The stored order of the segment's rows lacks some of them.")
        }
        for (index, row) in stored.enumerated() { order[index] = Int(row) }
    }
}
