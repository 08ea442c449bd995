import DQNModel
import DQNNetwork
import Testing

/// A network with everything for a gradient step, small enough for finite differences.
struct SmallNetwork {
    let layout: ParameterLayout
    let parameters: ParameterSlab
    let computation: any NetworkComputation
    let actions: [Int32]
    let targets: [Float]

    init(_ text: String, input: ObservationSpace, actions count: Int, batch: Int) throws {
        try self.init(text, input: input, head: .actionValues(actions: count), batch: batch)
    }

    init(_ text: String, input: ObservationSpace, head: NetworkArchitecture.Head, batch: Int) throws {
        // Tests run in parallel: more compute threads would only wait for each other.
        ComputeThreads.useCallingThreadOnly()
        let architecture = try NetworkArchitecture(text, input: input, head: head)
        layout = try ParameterLayout(architecture)
        parameters = ParameterSlab(layout: layout)
        var generator = RandomGenerator(seed: 3, stream: "test")
        parameters.initialize(using: &generator)
        let computation = try OneDNNBackend().makeComputation(of: architecture, batchSize: batch, training: true)
        self.computation = computation
        for row in 0..<batch {
            if input.element == .uint8 {
                let pixels = (0..<input.count).map { _ in UInt8(generator.integer(below: 256)) }
                pixels.withUnsafeBytes { computation.load($0, row: row, offset: 0) }
            } else {
                let values = (0..<input.count).map { _ in Float(generator.uniform(in: -1..<1)) }
                values.withUnsafeBytes { computation.load($0, row: row, offset: 0) }
            }
        }
        actions = (0..<batch).map { _ in Int32(generator.integer(below: head.actionCount)) }
        // Some errors lie in the quadratic part of the Huber loss and some beyond it.
        targets = (0..<batch).map { _ in Float(generator.uniform(in: -3..<3)) }
    }

    func loss(
        _ loss: Loss, weights: UnsafeBufferPointer<Float>? = nil,
        absoluteErrors: UnsafeMutableBufferPointer<Float>? = nil
    ) throws -> Double {
        try computation.use(parameters)
        let outputs = try computation.forward()
        return actions.withUnsafeBufferPointer { actions in
            targets.withUnsafeBufferPointer { targets in
                loss.evaluate(
                    outputs: outputs, actions: actions, targets: targets, gradient: computation.outputGradient,
                    weights: weights, absoluteErrors: absoluteErrors)
            }
        }
    }

    func actorCriticLoss() throws -> ActorCriticLoss.Sums {
        try computation.use(parameters)
        let outputs = try computation.forward()
        return actions.withUnsafeBufferPointer { actions in
            targets.withUnsafeBufferPointer { targets in
                ActorCriticLoss().evaluate(
                    outputs: outputs, actions: actions, returns: targets, gradient: computation.outputGradient,
                    count: actions.count - 1)
            }
        }
    }
}

@Suite struct GradientTests {
    @Test(arguments: [
        ("mlp:24,17", ObservationSpace(shape: [5], element: .float32)),
        // Widths that the products of our own kernels compute.
        ("mlp:48,32", ObservationSpace(shape: [16], element: .float32)),
        ("conv:5k3s1,16k2s2/fc20", ObservationSpace(shape: [2, 9, 8], element: .float32)),
        ("conv:16k4s2,32k3s1/fc40", ObservationSpace(shape: [4, 20, 20], element: .uint8)),
        // Kernels of two and of three strides after another convolution; tiles reach beyond an odd number of outputs.
        ("conv:16k3s1,16k4s2,32k6s2/fc20", ObservationSpace(shape: [4, 21, 26], element: .uint8)),
        ("conv:3k2s1", ObservationSpace(shape: [1, 4, 5], element: .float32)),
        ("conv:8k6s3,8k3s2/fc12", ObservationSpace(shape: [3, 20, 23], element: .uint8)),
    ])
    func gradientsAgreeWithFiniteDifferences(network: String, input: ObservationSpace) throws {
        for (loss, head) in Loss.allCases.flatMap({ loss in
            [NetworkArchitecture.Head.actionValues(actions: 3), .dueling(actions: 3)].map { (loss, $0) }
        }) {
            let small = try SmallNetwork(network, input: input, head: head, batch: 6)
            let gradients = ParameterSlab(layout: small.layout)
            _ = try small.loss(loss)
            try small.computation.backward(into: gradients)
            for entry in small.layout.entries {
                // Along the computed gradient the slope is the gradient's norm if it is correct, and less otherwise.
                let before = small.parameters.values
                let gradient = entry.range.map { gradients.elements[$0] }
                let norm = gradient.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot()
                try #require(norm > 1e-4, "\(network) \(head) \(entry.name) has no gradient to compare")
                let step = 3e-4
                func lossAfter(_ distance: Double) throws -> Double {
                    for (index, slope) in zip(entry.range, gradient) {
                        small.parameters.elements[index] = before[index] + Float(distance * Double(slope) / norm)
                    }
                    return try small.loss(loss)
                }
                let here = try lossAfter(0)
                let slopes = [(try lossAfter(step) - here) / step, (here - (try lossAfter(-step))) / step]
                _ = try lossAfter(0)
                // If a rectified unit is at its kink, the slopes differ and the gradient is that of one side.
                let measured = slopes.min { abs($0 - norm) < abs($1 - norm) } ?? .nan
                #expect(
                    abs(measured - norm) < 2e-2 * norm + 1e-4,
                    "\(network) \(head) \(loss) \(entry.name): \(measured) \(norm)")
            }
        }
    }

    @Test func aWrongSignWouldBeNoticed() throws {
        // The comparison above is useful only if a wrong sign fails it.
        let small = try SmallNetwork(
            "mlp:8", input: ObservationSpace(shape: [3], element: .float32), actions: 2, batch: 4)
        let gradients = ParameterSlab(layout: small.layout)
        let before = try small.loss(.squared)
        try small.computation.backward(into: gradients)
        for index in gradients.elements.indices { small.parameters.elements[index] -= 0.01 * gradients.elements[index] }
        let down = try small.loss(.squared)
        for index in gradients.elements.indices { small.parameters.elements[index] += 0.02 * gradients.elements[index] }
        let up = try small.loss(.squared)
        #expect(down < before)
        #expect(up > before)
    }

    @Test(arguments: [
        NetworkArchitecture.Head.actionValues(actions: 3), .dueling(actions: 3), .actorCritic(actions: 3),
    ])
    func oneRowAndManyRowsGiveTheSameValues(head: NetworkArchitecture.Head) throws {
        let input = ObservationSpace(shape: [4, 20, 20], element: .uint8)
        let architecture = try NetworkArchitecture("conv:16k4s2/fc64", input: input, head: head)
        let parameters = ParameterSlab(layout: try ParameterLayout(architecture))
        var generator = RandomGenerator(seed: 5)
        parameters.initialize(using: &generator)
        let rows = (0..<4).map { _ in (0..<input.count).map { _ in UInt8(generator.integer(below: 256)) } }
        let batch = try OneDNNBackend().makeComputation(of: architecture, batchSize: 4, training: false)
        let single = try OneDNNBackend().makeComputation(of: architecture, batchSize: 1, training: false)
        try batch.use(parameters)
        try single.use(parameters)
        for (row, pixels) in rows.enumerated() { pixels.withUnsafeBytes { batch.load($0, row: row, offset: 0) } }
        let together = Array(try batch.forward())
        for (row, pixels) in rows.enumerated() {
            pixels.withUnsafeBytes { single.load($0, row: 0, offset: 0) }
            let alone = Array(try single.forward())
            #expect(alone.count == head.outputCount)
            for (column, value) in alone.enumerated() {
                #expect(abs(value - together[row * head.outputCount + column]) < 1e-5)
            }
        }
    }
}
