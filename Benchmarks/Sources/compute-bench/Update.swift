import ArgumentParser
import DQNModel
import DQNNetwork

/// Times whole gradient updates of DQN: bytes to floats, targets, forward, loss, backward, norm, Adam.
struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Times whole gradient updates.")
    @OptionGroup var options: NetworkOptions
    @Flag(help: "Double DQN: a forward pass more.") var double = false

    func run() throws {
        let update = try GradientUpdate(
            options.architecture(), batchSize: options.batch, double: double, team: options.team())
        try LapReport(options.laps { try update.run() }).print()
    }
}

/// An update on made-up observations, all of it but drawing them from a replay.
final class GradientUpdate {
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

    init(_ architecture: NetworkArchitecture, batchSize: Int, double: Bool, team: ComputeTeam?) throws {
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
        let input = architecture.input
        func draw() -> [UInt8] {
            let count = batchSize * input.count
            if input.element == .uint8 { return (0..<count).map { _ in UInt8(generator.integer(below: 256)) } }
            let floats = (0..<count).map { _ in Float(generator.uniform(-1, 1)) }
            return floats.withUnsafeBytes { Array($0) }
        }
        observations = draw()
        nextObservations = draw()
        actions = (0..<batchSize).map { _ in Int32(generator.integer(below: architecture.actionCount)) }
        targets = Array(repeating: 0, count: batchSize)
    }

    private func load(_ observations: [UInt8], into computation: any NetworkComputation) {
        observations.withUnsafeBytes { bytes in
            let size = bytes.count / computation.batchSize
            for row in 0..<computation.batchSize {
                computation.load(
                    UnsafeRawBufferPointer(rebasing: bytes[row * size..<(row + 1) * size]), row: row, offset: 0)
            }
        }
    }

    func run() throws {
        load(nextObservations, into: bootstrapping)
        let values = try bootstrapping.forward()
        var choices = values
        if let selecting {
            load(nextObservations, into: selecting)
            try selecting.use(online)
            choices = try selecting.forward()
        }
        let width = learning.architecture.actionCount
        for row in targets.indices {
            let start = row * width
            let best = UnsafeBufferPointer(rebasing: choices[start..<(start + width)]).indexOfMaximum
            targets[row] = 1 + 0.99 * values[start + best]
        }
        load(observations, into: learning)
        try learning.use(online)
        let outputs = try learning.forward()
        _ = actions.withUnsafeBufferPointer { actions in
            targets.withUnsafeBufferPointer { targets in
                Loss.huber.evaluate(
                    outputs: outputs, actions: actions, targets: targets, gradient: learning.outputGradient)
            }
        }
        try learning.backward(into: gradients)
        let scale = GradientNorm.clipScale(GradientNorm.of(gradients), maximum: 10)
        optimizer.step(online, gradients: gradients, learningRate: 1e-4, gradientScale: scale)
    }
}
