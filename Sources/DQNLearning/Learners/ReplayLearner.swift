internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNModel
internal import DQNNetwork

/// The learner of the methods that have a replay: acts ε-greedily, stores every step, and learns from mini-batches.
///
/// The target of a drawn transition is y = r + γ (1 − terminated) max Q(s′, ·; θ⁻); with `double` the action of the
/// maximum is the online network's (van Hasselt 2016), with `n_step` r is the sum of n discounted rewards and s′ the
/// observation after them, with `prioritized` transitions are drawn by their errors and weighted for it (Schaul 2016).
///
/// A run's only worker computes on the shared parameters themselves. One of several computes on a copy θ′, refreshed
/// every `refresh_interval` of its updates.
final class ReplayLearner: Learner {
    private static let stateVersion = 1

    private let configuration: TrainingConfiguration
    private let store: any ParameterStore
    private let elementsPerFrame: Int
    private let replay: ReplayMemory
    private var sampling: RandomGenerator
    private var exploration: Exploration
    var statistics = TrainingStatistics()

    /// θ′: the shared slab itself for a run's only worker.
    private let parameters: ParameterSlab
    /// For saves: the chief keeps the last while it takes the next.
    private let parameterCopies: SlabCopies
    /// θ⁻, likewise.
    private let target: ParameterSlab
    private let gradients: ParameterSlab
    /// The optimiser's statistics of this worker alone, where they are not shared.
    private let ownStatistics: Optimizer?
    private let copies: Bool
    /// Updates until θ′ is copied anew.
    private var updatesUntilRefresh: Int
    /// The store's updates when θ′ was copied.
    private var pulledAt = 0
    private var targetVersion: Int?

    // One observation with θ′, a batch with θ′ for learning, a batch of next observations with θ⁻ and, for Double, θ′.
    private let acting: any NetworkComputation
    private let learning: any NetworkComputation
    private let bootstrapping: any NetworkComputation
    private let selecting: (any NetworkComputation)?
    /// Whether the acting computation has taken θ′ as it is now.
    private var actingIsCurrent = false
    private let batch: ReplayBatch

    init(_ context: LearnerContext) throws {
        let configuration = context.configuration
        self.configuration = configuration
        store = context.store
        elementsPerFrame = context.architecture.input.count / configuration.frameStack
        exploration = Exploration(context)
        sampling = context.generator("sampling")
        let restored = try context.restored(version: Self.stateVersion)
        replay = try Self.replay(context, restored)

        let sole = configuration.refreshInterval == 1 ? store.sole : nil
        copies = sole == nil
        parameters = sole?.online ?? ParameterSlab(layout: store.layout)
        parameterCopies = SlabCopies(of: parameters, keeping: 2)
        target = sole?.target ?? ParameterSlab(layout: store.layout)
        gradients = ParameterSlab(layout: store.layout)
        ownStatistics = try OwnStatistics.make(configuration, layout: store.layout, restored)
        updatesUntilRefresh = configuration.refreshInterval
        // A run's only worker has no copy to store, and a resting one's is of long ago: both begin with the newest.
        if copies, let restored, restored.values["parameters"] != nil, context.state?.status != .resting {
            _ = try parameters.elements.update(
                fromContentsOf: restored.float32("parameters", count: store.layout.count))
            updatesUntilRefresh = Int(try restored.int64("updates_until_refresh", count: 1)[0])
            pulledAt = Int(try restored.int64("pulled_at", count: 1)[0])
        } else {
            pulledAt = try store.pull(into: parameters)
        }

        let size = configuration.batchSize
        acting = try context.backend.makeComputation(of: context.architecture, batchSize: 1, training: false)
        learning = try context.backend.makeComputation(of: context.architecture, batchSize: size, training: true)
        bootstrapping = try context.backend.makeComputation(of: context.architecture, batchSize: size, training: false)
        selecting =
            configuration.doubleDQN
            ? try context.backend.makeComputation(of: context.architecture, batchSize: size, training: false) : nil
        batch = ReplayBatch(count: size)
    }

    private static func replay(_ context: LearnerContext, _ restored: StateSnapshot?) throws -> ReplayMemory {
        let configuration = context.configuration
        let space = context.environment.observationSpace
        guard let snapshot = context.state?.replay else {
            return ReplayMemory(
                capacity: configuration.replayCapacity, frame: space, frameStack: configuration.frameStack,
                nStep: configuration.nStep, discount: configuration.discount,
                prioritization: configuration.prioritization)
        }
        return try ReplayMemory(
            restoring: snapshot, capacity: configuration.replayCapacity, frame: space,
            frameStack: configuration.frameStack, nStep: configuration.nStep, discount: configuration.discount,
            prioritization: configuration.prioritization,
            largestPriority: configuration.prioritized
                ? try restored?.float64("largest_priority", count: 1)[0] : nil)
    }

    func begin(_ observation: NewObservation) { observation.frame.withBytes { replay.begin($0) } }

    func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        exploration.resampleIfDue(at: step, using: &generator)
        let epsilon = exploration.rate(at: step)
        if epsilon > 0, generator.uniform() < epsilon {
            return generator.integer(below: acting.architecture.actionCount)
        }
        if !actingIsCurrent {
            try acting.use(parameters)
            actingIsCurrent = true
        }
        observation.withBytes { acting.load($0, row: 0, offset: 0) }
        return try acting.forward().indexOfMaximum
    }

    func observe(_ transition: Transition) {
        transition.next.frame.withBytes { bytes in
            replay.add(
                action: transition.action, reward: transition.reward, terminated: transition.terminated,
                truncated: transition.truncated, next: bytes)
        }
    }

    func explorationRate(at step: StepCount) -> Double? { exploration.rate(at: step) }

    func learn(at step: StepCount, using generator: inout RandomGenerator) throws {
        guard step.total > configuration.learningStarts, step.worker % configuration.trainInterval == 0,
            replay.canSample,
            // What others have learnt is not to be undone by batches of the same few transitions.
            !copies || replay.count >= min(configuration.batchSize, replay.capacity)
        else { return }
        let updates = configuration.gradientSteps == 0 ? configuration.trainInterval : configuration.gradientSteps
        for _ in 0..<updates { try update(at: step) }
    }

    /// Takes one gradient step on a fresh mini-batch.
    private func update(at step: StepCount) throws {
        let progress = min(1, Double(step.total) / Double(configuration.scheduleSteps))
        let beta = configuration.priorityCorrection + (1 - configuration.priorityCorrection) * progress
        replay.sample(into: batch.transitions, beta: beta, &sampling)
        let reader = replay.reader
        for row in 0..<batch.count {
            let transition = batch.transitions[row]
            batch.actions[row] = transition.action
            batch.weights[row] = transition.importanceWeight
            let next = transition.bootstrapSlot
            reader.load(next, into: bootstrapping, row: row, elementsPerFrame: elementsPerFrame)
            if let selecting { reader.load(next, into: selecting, row: row, elementsPerFrame: elementsPerFrame) }
        }
        try computeTargets()
        // Not before: the other batch would push these out of the caches.
        for row in 0..<batch.count {
            reader.load(batch.transitions[row].slot, into: learning, row: row, elementsPerFrame: elementsPerFrame)
        }
        try learning.use(parameters)
        let outputs = try learning.forward()
        let loss = configuration.loss.evaluate(
            outputs: outputs, actions: UnsafeBufferPointer(batch.actions), targets: UnsafeBufferPointer(batch.targets),
            gradient: learning.outputGradient,
            weights: configuration.prioritized ? UnsafeBufferPointer(batch.weights) : nil,
            absoluteErrors: configuration.prioritized ? batch.errors : nil)
        try learning.backward(into: gradients)
        let clipped = try ClippedGradient(gradients, loss: loss, configuration, store)
        let own = configuration.refreshInterval - updatesUntilRefresh
        if copies { updatesUntilRefresh -= 1 }
        let refreshes = copies && updatesUntilRefresh <= 0
        let before = try store.push(
            gradients, learningRate: configuration.learningRate(at: step.total), scale: clipped.scale,
            statistics: ownStatistics, pullingInto: refreshes ? parameters : nil)
        statistics.add(loss: loss, gradientNorm: clipped.norm, staleness: copies ? before - pulledAt - own : nil)
        if refreshes {
            pulledAt = before + 1
            updatesUntilRefresh = configuration.refreshInterval
        }
        if configuration.prioritized {
            for row in 0..<batch.count {
                try replay.updatePriority(batch.transitions[row].slot, error: batch.errors[row])
            }
        }
        actingIsCurrent = false
    }

    /// y = r + γ (1 − terminated) Q(s′, a*; θ⁻).
    private func computeTargets() throws {
        let version = try store.pullTarget(into: target, ifNewerThan: targetVersion)
        if version != targetVersion {
            try bootstrapping.use(target)
            targetVersion = version
        }
        let values = try bootstrapping.forward()
        var choices = values
        if let selecting {
            try selecting.use(parameters)
            choices = try selecting.forward()
        }
        let width = acting.architecture.actionCount
        for row in 0..<batch.count {
            let start = row * width
            let best = UnsafeBufferPointer(rebasing: choices[start..<(start + width)]).indexOfMaximum
            let transition = batch.transitions[row]
            batch.targets[row] = transition.reward + transition.bootstrapDiscount * values[start + best]
        }
    }

    func save(into state: inout WorkerState) throws {
        state.generators["sampling"] = sampling
        state.replay = replay.snapshot()
        exploration.save(into: &state)
        var values: [String: StateSnapshot.Value] = [:]
        if copies {
            values["parameters"] = .float32(parameterCopies.next())
            values["updates_until_refresh"] = .int64([Int64(updatesUntilRefresh)])
            values["pulled_at"] = .int64([Int64(pulledAt)])
        }
        if configuration.prioritized { values["largest_priority"] = .float64([replay.largestPriority]) }
        if let ownStatistics { OwnStatistics.save(ownStatistics, into: &values) }
        if !values.isEmpty {
            state.learner = StateSnapshot(kind: configuration.method, version: Self.stateVersion, values: values)
        }
    }

    func abandonEpisode() { replay.abandonEpisode() }
}
