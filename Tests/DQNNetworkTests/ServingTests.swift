import DQNModel
import DQNNetwork
import Testing

@Suite struct ServingTests {
    // Covers outputs that fill whole vectors and others, layers after rectified units and the first layer, and every
    // head.
    @Test(
        arguments: [
            ("mlp:64,33", ObservationSpace(shape: [7], element: .float32)),
            ("conv:16k4s2/fc50", ObservationSpace(shape: [2, 12, 12], element: .uint8)),
        ],
        [NetworkArchitecture.Head.actionValues(actions: 18), .dueling(actions: 3), .actorCritic(actions: 3)])
    func servedParametersGiveTheSameValues(
        network: (text: String, input: ObservationSpace), head: NetworkArchitecture.Head
    ) throws {
        let architecture = try NetworkArchitecture(network.text, input: network.input, head: head)
        let parameters = ParameterSlab(layout: try ParameterLayout(architecture))
        var generator = RandomGenerator(seed: 11)
        func outputs(_ backend: OneDNNBackend, _ observation: [UInt8]) throws -> [Float] {
            let computation = try backend.makeComputation(of: architecture, batchSize: 1, training: false)
            try computation.use(parameters)
            observation.withUnsafeBytes { computation.load($0, row: 0, offset: 0) }
            return Array(try computation.forward())
        }
        for _ in 0..<5 {
            parameters.initialize(using: &generator)
            let count = network.input.count
            let observation: [UInt8] =
                network.input.element == .uint8
                ? (0..<count).map { _ in UInt8(generator.integer(below: 256)) }
                : (0..<count).map { _ in Float(generator.uniform(in: -1..<1)) }.withUnsafeBytes { Array($0) }
            let plain = try outputs(OneDNNBackend(), observation)
            let full = try outputs(OneDNNBackend(serving: .full), observation)
            let half = try outputs(OneDNNBackend(serving: .half), observation)
            for index in plain.indices {
                #expect(abs(plain[index] - full[index]) < 1e-5)
                // The weights are below one, and each has an error of at most 1/2048.
                #expect(abs(plain[index] - half[index]) < 2e-3)
            }
            #expect(full != half)
        }
    }
}
