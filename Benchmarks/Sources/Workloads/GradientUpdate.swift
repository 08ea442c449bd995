import DQNModel
import DQNNetwork

/// A gradient update on random observations: everything except sampling from a replay.
package final class GradientUpdate {
    private let online: ParameterSlab
    private let target: ParameterSlab
    private let gradients: ParameterSlab
    private let optimizer: Optimizer
    private let learning: any NetworkComputation
    private let bootstrapping: any NetworkComputation
    private let selecting: (any NetworkComputation)?
    private let observations: [UInt8]
    private let nextObservations: [UInt8]
    private let actions: [Int32]
    private var targets: [Float]

    package init(_ architecture: NetworkArchitecture, batchSize: Int, double: Bool, team: ComputeTeam? = nil) throws {
        var generator = RandomGenerator(seed: 1)
        let layout = try ParameterLayout(architecture)
        online = ParameterSlab(layout: layout)
        online.initialize(using: &generator)
        target = ParameterSlab(layout: layout)
        target.copy(from: online)
        gradients = ParameterSlab(layout: layout)
        optimizer = Optimizer(.adam(), layout: layout, team: team)
        let backend = OneDNNBackend(team: team)
        learning = try backend.makeComputation(of: architecture, batchSize: batchSize, training: true)
        bootstrapping = try backend.makeComputation(of: architecture, batchSize: batchSize, training: false)
        selecting = double ? try backend.makeComputation(of: architecture, batchSize: batchSize, training: false) : nil
        try bootstrapping.use(target)
        observations = architecture.input.madeUp(batchSize, &generator)
        nextObservations = architecture.input.madeUp(batchSize, &generator)
        actions = (0..<batchSize).map { _ in Int32(generator.integer(below: architecture.actionCount)) }
        targets = Array(repeating: 0, count: batchSize)
    }

    package func run() throws {
        bootstrapping.load(nextObservations)
        let values = try bootstrapping.forward()
        var choices = values
        if let selecting {
            selecting.load(nextObservations)
            try selecting.use(online)
            choices = try selecting.forward()
        }
        let width = learning.architecture.actionCount
        for row in targets.indices {
            let start = row * width
            let best = UnsafeBufferPointer(rebasing: choices[start..<(start + width)]).indexOfMaximum
            targets[row] = 1 + 0.99 * values[start + best]
        }
        learning.load(observations)
        try learning.use(online)
        let outputs = try learning.forward()
        _ = actions.withUnsafeBufferPointer { actions in
            targets.withUnsafeBufferPointer { targets in
                Loss.huber.evaluate(
                    outputs: outputs, actions: actions, targets: targets, gradient: learning.outputGradient)
            }
        }
        try learning.backward(into: gradients)
        let scale = Float(min(1, 10 / (optimizer.norm(of: gradients) + 1e-6)))
        optimizer.step(online, gradients: gradients, learningRate: 1e-4, gradientScale: scale)
    }
}
