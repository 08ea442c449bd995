internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork

/// Deep Q-learning with a replay and a target network (Mnih 2013, 2015), optionally Double (van Hasselt 2016).
///
/// Algorithm: act ε-greedily; store the transition; at each training draw a mini-batch uniformly from the replay and
/// step the optimiser on the loss of Q(s, a; θ) against y = r + γ (1 − terminated) max Q(s′, ·; θ⁻); refresh θ⁻ at an
/// interval. With Double the action of the maximum is the online network's. A truncated episode is bootstrapped from
/// its true last observation.
///
/// Deviations from the paper: Adam by default where the paper has centred RMSProp; the loss is the **mean** over the
/// batch, not the sum; the target is refreshed every so many agent steps, not updates.
///
/// Not thread-safe; an update allocates nothing outside the compute library.
final class StandardDQN {
    private let configuration: TrainingConfiguration
    private let architecture: NetworkArchitecture
    private let elementsPerFrame: Int
    /// θ.
    let online: ParameterSlab
    /// θ⁻.
    private let target: ParameterSlab
    private let gradients: ParameterSlab
    private let optimizer: Optimizer

    // One observation with θ, a batch with θ for learning, a batch of next observations with θ⁻ and, for Double, θ.
    private let acting: any NetworkComputation
    private let learning: any NetworkComputation
    private let bootstrapping: any NetworkComputation
    private let selecting: (any NetworkComputation)?
    // Whether the acting computation and the bootstrapping one have taken θ and θ⁻ as they are now.
    private var actingIsCurrent = false
    private var bootstrappingIsCurrent = false

    private let actions: UnsafeMutableBufferPointer<Int32>
    private let targets: UnsafeMutableBufferPointer<Float>
    private let rewards: UnsafeMutableBufferPointer<Float>
    private let discounts: UnsafeMutableBufferPointer<Float>

    /// What an update reports.
    struct Update {
        var loss: Double
        var gradientNorm: Double
    }

    /// Starts with fresh parameters drawn from `generator`, the target equal to the online network.
    convenience init(
        _ configuration: TrainingConfiguration, architecture: NetworkArchitecture, backend: any ComputeBackend,
        generator: inout RandomGenerator
    ) throws {
        let layout = try ParameterLayout(architecture)
        let online = ParameterSlab(layout: layout)
        online.initialize(using: &generator)
        let target = ParameterSlab(layout: layout)
        target.copy(from: online)
        try self.init(
            configuration, architecture: architecture, backend: backend, online: online, target: target,
            optimizer: Optimizer(configuration.optimizer, layout: layout))
    }

    /// Goes on from a checkpoint.
    ///
    /// - Throws: ``TrainingError`` (`cannotResume`) when target network or optimiser are missing from it.
    convenience init(
        _ configuration: TrainingConfiguration, backend: any ComputeBackend, restoring checkpoint: Checkpoint
    ) throws {
        guard let target = checkpoint.target, let state = checkpoint.optimizer,
            state.kind == configuration.optimizer.kind.rawValue
        else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint has no target network or no \(configuration.optimizer.kind.rawValue) state "
                    + "(stripped: \(checkpoint.stripped.joined(separator: ", "))); resume from a whole one.")
        }
        let layout = try ParameterLayout(checkpoint.architecture)
        try self.init(
            configuration, architecture: checkpoint.architecture, backend: backend,
            online: ParameterSlab(layout: layout, values: checkpoint.online),
            target: ParameterSlab(layout: layout, values: target),
            optimizer: Optimizer(
                configuration.optimizer, layout: layout, stepCount: state.stepCount, slots: state.slots))
    }

    private init(
        _ configuration: TrainingConfiguration, architecture: NetworkArchitecture, backend: any ComputeBackend,
        online: ParameterSlab, target: ParameterSlab, optimizer: Optimizer
    ) throws {
        self.configuration = configuration
        self.architecture = architecture
        elementsPerFrame = architecture.input.count / configuration.frameStack
        self.online = online
        self.target = target
        self.optimizer = optimizer
        gradients = ParameterSlab(layout: online.layout)
        let batch = configuration.batchSize
        acting = try backend.makeComputation(of: architecture, batchSize: 1, training: false)
        learning = try backend.makeComputation(of: architecture, batchSize: batch, training: true)
        bootstrapping = try backend.makeComputation(of: architecture, batchSize: batch, training: false)
        selecting =
            configuration.doubleDQN
            ? try backend.makeComputation(of: architecture, batchSize: batch, training: false) : nil
        actions = .allocate(capacity: batch)
        targets = .allocate(capacity: batch)
        rewards = .allocate(capacity: batch)
        discounts = .allocate(capacity: batch)
        actions.initialize(repeating: 0)
        for buffer in [targets, rewards, discounts] { buffer.initialize(repeating: 0) }
    }

    deinit {
        actions.deallocate()
        for buffer in [targets, rewards, discounts] { buffer.deallocate() }
    }

    /// The Q-values of one observation; valid until the next call.
    func actionValues(_ observation: Observation) throws(NetworkError) -> UnsafeBufferPointer<Float> {
        if !actingIsCurrent {
            try acting.use(online)
            actingIsCurrent = true
        }
        observation.withBytes { acting.load($0, row: 0, offset: 0) }
        return try acting.forward()
    }

    /// Takes one gradient step on a fresh mini-batch.
    func update(
        from replay: UniformReplay, generator: inout RandomGenerator, learningRate: Double
    ) throws(NetworkError) -> Update {
        for row in actions.indices {
            let slot = replay.draw(&generator)
            let next = replay.next(slot)
            replay.load(slot, into: learning, row: row, elementsPerFrame: elementsPerFrame)
            replay.load(next, into: bootstrapping, row: row, elementsPerFrame: elementsPerFrame)
            if let selecting { replay.load(next, into: selecting, row: row, elementsPerFrame: elementsPerFrame) }
            actions[row] = replay.action(slot)
            rewards[row] = replay.reward(slot)
            discounts[row] = replay.isTerminated(slot) ? 0 : Float(configuration.discount)
        }
        try computeTargets()
        try learning.use(online)
        let outputs = try learning.forward()
        let loss = configuration.loss.evaluate(
            outputs: outputs, actions: UnsafeBufferPointer(actions), targets: UnsafeBufferPointer(targets),
            gradient: learning.outputGradient)
        try learning.backward(into: gradients)
        let norm = GradientNorm.of(gradients)
        let maximum = configuration.maximumGradientNorm
        optimizer.step(
            online, gradients: gradients, learningRate: learningRate,
            gradientScale: maximum > 0 ? GradientNorm.clipScale(norm, maximum: maximum) : 1)
        actingIsCurrent = false
        return Update(loss: loss, gradientNorm: norm)
    }

    /// y = r + γ (1 − terminated) Q(s′, a*; θ⁻).
    private func computeTargets() throws(NetworkError) {
        if !bootstrappingIsCurrent {
            try bootstrapping.use(target)
            bootstrappingIsCurrent = true
        }
        let values = try bootstrapping.forward()
        var choices = values
        if let selecting {
            try selecting.use(online)
            choices = try selecting.forward()
        }
        let width = architecture.actionCount
        for row in targets.indices {
            let start = row * width
            let best = UnsafeBufferPointer(rebasing: choices[start..<(start + width)]).indexOfMaximum
            targets[row] = rewards[row] + discounts[row] * values[start + best]
        }
    }

    /// Moves the target network to the online one, or `targetRate` of the way.
    func refreshTarget() {
        let rate = Float(configuration.targetRate)
        if rate == 1 {
            target.copy(from: online)
        } else {
            for index in target.elements.indices {
                target.elements[index] += rate * (online.elements[index] - target.elements[index])
            }
        }
        bootstrappingIsCurrent = false
    }

    /// Copies of everything the method holds: online and target parameters and the optimiser's state.
    func snapshot() -> (online: [Float], target: [Float], optimizer: OptimizerState) {
        (
            online.values, target.values,
            OptimizerState(
                kind: optimizer.configuration.kind.rawValue,
                hyperparameters: optimizer.configuration.hyperparameters, stepCount: optimizer.stepCount,
                slots: optimizer.slotValues)
        )
    }
}
