internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNModel
internal import DQNNetwork

/// The learner of the methods with a replay: acts ε-greedily, stores every step and learns from mini-batches.
///
/// The target of a sampled transition is y = r + γ (1 − terminated) max Q(s′, ·; θ⁻). With `double`, the online network
/// selects the action of the maximum (van Hasselt 2016). With `n_step`, r is the sum of n discounted rewards and s′ the
/// observation after them. With `prioritized`, transitions are sampled by their errors and weighted to correct for that
/// (Schaul 2016). With `munchausen`, the maximum is soft and each reward contains the log-policy; see ``Munchausen``.
/// With `quantiles`, the network outputs distributions of returns; see ``QuantileRegression``.
///
/// A run's only worker computes on the shared parameters themselves. One of several computes on a copy θ′, which it
/// refreshes every `refresh_interval` of its updates.
///
/// Each environment of the worker has its own part of the replay, of `replay_capacity` / `environments_per_worker` slots.
/// After a round of N environments there are as many updates as after N steps of one.
final class ReplayLearner: OpenUpdateLearner {
    let configuration: TrainingConfiguration
    let store: any ParameterStore
    let elementsPerFrame: Int
    let replay: ReplayStreams
    private var sampling: RandomGenerator
    private var exploration: Exploration
    private var masks: CurrentMasks
    var statistics = TrainingStatistics()

    /// θ′: the shared slab itself for a run's only worker.
    let parameters: ParameterSlab
    /// Copies of θ′ for checkpoints.
    private let parameterCopies: SlabCopies
    /// θ⁻: the shared slab itself for a run's only worker.
    let targetParameters: ParameterSlab
    private let gradients: ParameterSlab
    /// The worker's own optimiser; `nil` if all workers share one.
    private let workerOptimizer: Optimizer?
    private let optimizerCopies: [String: SlabCopies]
    /// Whether θ′ is a copy.
    private let usesCopy: Bool
    /// Updates until the next copy.
    private var updatesUntilRefresh: Int
    /// The store's update count at the last copy.
    private var updateCountAtPull = 0
    var targetVersion: Int?

    /// The networks' architecture, read in each row: a copy of theirs would count references that all workers share.
    let architecture: NetworkArchitecture
    let actionCount: Int
    /// θ′ for one observation of each environment.
    private let actingNetwork: any NetworkComputation
    /// θ′ for a batch of observations, with gradients.
    private let onlineNetwork: any NetworkComputation
    /// θ⁻ for a batch of next observations.
    let targetNetwork: any NetworkComputation
    /// θ′ for a batch of next observations; with `double` only.
    let selectionNetwork: (any NetworkComputation)?
    /// Whether `actingNetwork` has the current θ′.
    private var actingIsCurrent = false
    /// The gradient steps since the last agent step, if the run stopped before all were taken.
    var openUpdate: OpenUpdate?
    let batch: ReplayBatch
    let munchausen: Munchausen?
    /// The targets and the loss of a head of quantiles.
    let quantileRegression: QuantileRegression?

    init(_ context: LearnerContext) throws {
        let configuration = context.configuration
        self.configuration = configuration
        store = context.store
        architecture = context.architecture
        actionCount = architecture.actionCount
        elementsPerFrame = context.architecture.input.count / configuration.frameStack
        exploration = Exploration(context)
        masks = try CurrentMasks(context)
        sampling = context.generator("sampling")
        let restored = try context.restoredWithUpdate()
        openUpdate = try OpenUpdate(restored)
        replay = try Self.replay(context, restored)
        guard openUpdate == nil || replay.canSample else {
            throw ModelError.invalid("The stored open update has a replay without a step to sample.")
        }

        let inPlace = configuration.refreshInterval == 1 ? store.inPlace : nil
        usesCopy = inPlace == nil
        parameters = inPlace?.online ?? ParameterSlab(layout: store.layout)
        // The saver holds the last copy while the next one is made.
        parameterCopies = SlabCopies(of: parameters, keeping: 2)
        if usesCopy { parameterCopies.prepare() }
        targetParameters = inPlace?.target ?? ParameterSlab(layout: store.layout)
        gradients = ParameterSlab(layout: store.layout)
        workerOptimizer = try WorkerOptimizer.make(configuration, layout: store.layout, restoring: restored)
        optimizerCopies = WorkerOptimizer.preparedCopies(of: workerOptimizer)
        updatesUntilRefresh = configuration.refreshInterval
        // A run's only worker has no stored copy, and a resting worker's copy is old: both start from the newest.
        if usesCopy, let restored, restored.values["parameters"] != nil, context.state?.status != .resting {
            _ = try parameters.elements.update(
                fromContentsOf: restored.float32("parameters", count: store.layout.count))
            updatesUntilRefresh = try restored.count("updates_until_refresh", from: 1)
            updateCountAtPull = try restored.count("pulled_at")
        } else {
            updateCountAtPull = try store.pull(into: parameters)
        }

        let size = configuration.batchSize
        let backend = context.backend
        actingNetwork = try backend.makeComputation(
            of: architecture, batchSize: configuration.environmentsPerWorker, training: false)
        onlineNetwork = try backend.makeComputation(of: architecture, batchSize: size, training: true)
        targetNetwork = try backend.makeComputation(of: architecture, batchSize: size, training: false)
        selectionNetwork =
            configuration.doubleDQN
            ? try backend.makeComputation(of: architecture, batchSize: size, training: false) : nil
        batch = ReplayBatch(count: size)
        munchausen = configuration.munchausenConstants
        quantileRegression =
            configuration.quantiles > 0
            ? QuantileRegression(quantiles: configuration.quantiles, actions: architecture.actionCount, rows: size)
            : nil
    }

    func beginEpisode(_ observation: StackedObservation, in environment: Int) {
        observation.frame.withBytes { replay.memories[environment].beginEpisode($0) }
        masks[environment] = observation.actionMask
    }

    func chooseActions(
        in environments: Range<Int>, at step: StepCount, using generator: inout RandomGenerator,
        into actions: UnsafeMutableBufferPointer<Int>, observation: (Int) -> Observation
    ) throws {
        var needsNetwork = false
        for environment in environments {
            let step = step.advanced(by: environment - environments.lowerBound)
            exploration.resampleIfDue(at: step, using: &generator)
            let epsilon = exploration.epsilon(at: step, in: environment)
            if epsilon > 0, generator.uniform() < epsilon {
                actions[environment] = generator.action(of: actionCount, allowing: masks[environment])
            } else {
                actions[environment] = -1
                observation(environment).withBytes { actingNetwork.load($0, row: environment, offset: 0) }
                needsNetwork = true
            }
        }
        guard needsNetwork else { return }
        if !actingIsCurrent {
            try actingNetwork.use(parameters)
            actingIsCurrent = true
        }
        let outputs = try actingNetwork.forward()
        let outputWidth = outputs.count / replay.memories.count
        for environment in environments where actions[environment] < 0 {
            MaskedOutputs.apply(masks[environment], to: outputs, row: environment, of: architecture)
            let row = (environment * outputWidth)..<((environment + 1) * outputWidth)
            actions[environment] = architecture.greedyAction(of: UnsafeBufferPointer(rebasing: outputs[row]))
        }
    }

    func observe(_ transition: Transition, in environment: Int) {
        transition.next.frame.withBytes { bytes in
            replay.memories[environment].add(
                action: transition.action, reward: transition.reward, terminated: transition.terminated,
                truncated: transition.truncated, next: bytes, allowing: transition.next.actionMask)
        }
        masks[environment] = transition.next.actionMask
    }

    func explorationRate(at step: StepCount) -> Double? { exploration.epsilon(at: step) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        // Training phases that became due in the last round.
        let interval = configuration.trainInterval
        let phases = step.worker / interval - (step.worker - replay.memories.count) / interval
        guard step.total > configuration.learningStarts, phases > 0, replay.canSample,
            // A new worker must not undo what the others have learned with batches of the same few transitions.
            !usesCopy || replay.count >= min(configuration.batchSize, replay.capacity)
        else { return }
        let updates = configuration.gradientSteps == 0 ? configuration.trainInterval : configuration.gradientSteps
        try update(steps: phases * updates, at: step)
    }

    /// Takes one gradient step on a new mini-batch.
    func takeGradientStep(_ number: Int, at total: Int) throws {
        let before = sampling
        do { try computeGradient(at: total) } catch {
            // A step that is cut short draws the same batch again.
            sampling = before
            throw error
        }
    }

    func endUpdate() {}

    private func computeGradient(at total: Int) throws {
        sampleBatch(at: total)
        try computeTargets()
        // Loaded last: loading the other batch would evict these rows from the caches.
        for row in 0..<batch.count {
            replay.load(
                batch.transitions[row].slot, of: batch, into: onlineNetwork, row: row,
                elementsPerFrame: elementsPerFrame)
        }
        try onlineNetwork.use(parameters)
        let outputs = try onlineNetwork.forward()
        let loss = evaluateLoss(outputs)
        try onlineNetwork.backward(into: gradients)
        try push(loss: loss, at: total)
        if configuration.prioritized {
            for row in 0..<batch.count { try replay.updatePriority(row, of: batch) }
        }
        actingIsCurrent = false
    }

    /// Returns the loss of the mini-batch, and writes its gradient.
    private func evaluateLoss(_ outputs: UnsafeBufferPointer<Float>) -> Double {
        let isPrioritized = configuration.prioritized
        if let quantileRegression {
            return quantileRegression.evaluate(
                outputs, batch, gradient: onlineNetwork.outputGradient, isPrioritized: isPrioritized)
        }
        return configuration.loss.evaluate(
            outputs: outputs, actions: UnsafeBufferPointer(batch.actions), targets: UnsafeBufferPointer(batch.targets),
            gradient: onlineNetwork.outputGradient,
            weights: isPrioritized ? UnsafeBufferPointer(batch.weights) : nil,
            absoluteErrors: isPrioritized ? batch.errors : nil)
    }

    /// Samples a mini-batch and loads its next observations.
    private func sampleBatch(at total: Int) {
        let progress = min(1, Double(total) / Double(configuration.scheduleSteps))
        let beta = configuration.priorityCorrection + (1 - configuration.priorityCorrection) * progress
        replay.sample(into: batch, beta: beta, &sampling)
        for row in 0..<batch.count {
            let transition = batch.transitions[row]
            batch.actions[row] = transition.action
            batch.weights[row] = transition.importanceWeight
            let next = transition.bootstrapSlot
            replay.load(next, of: batch, into: targetNetwork, row: row, elementsPerFrame: elementsPerFrame)
            if let selectionNetwork {
                replay.load(next, of: batch, into: selectionNetwork, row: row, elementsPerFrame: elementsPerFrame)
            }
        }
    }

    /// Pushes the gradient, and copies the parameters if it is time to.
    private func push(loss: Double, at total: Int) throws {
        let clipped = try store.clip(gradients, loss: loss, maximumNorm: configuration.maximumGradientNorm)
        let ownUpdates = configuration.refreshInterval - updatesUntilRefresh
        if usesCopy { updatesUntilRefresh -= 1 }
        let refreshes = usesCopy && updatesUntilRefresh <= 0
        let before = try store.push(
            gradients, learningRate: configuration.learningRate(at: total), scale: clipped.scale,
            optimizer: workerOptimizer, pullingInto: refreshes ? parameters : nil)
        statistics.add(
            loss: loss, gradientNorm: clipped.norm,
            staleness: usesCopy ? before - updateCountAtPull - ownUpdates : nil)
        if refreshes {
            updateCountAtPull = before + 1
            updatesUntilRefresh = configuration.refreshInterval
        }
    }

    func save(into state: inout WorkerState) throws {
        state.generators["sampling"] = sampling
        state.setReplays(replay.memories.map { $0.snapshot() })
        exploration.save(into: &state)
        var values: [String: StateSnapshot.Value] = [:]
        if usesCopy {
            values["parameters"] = .float32(parameterCopies.next())
            values["updates_until_refresh"] = .int64([Int64(updatesUntilRefresh)])
            values["pulled_at"] = .int64([Int64(updateCountAtPull)])
        }
        if configuration.prioritized { values["largest_priority"] = .float64([replay.largestPriority]) }
        if let workerOptimizer { WorkerOptimizer.save(workerOptimizer, optimizerCopies, into: &values) }
        save(values, of: configuration.method, into: &state)
    }

    func abandonEpisode(in environment: Int) { replay.memories[environment].abandonEpisode() }
}
