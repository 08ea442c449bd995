import DQNModel
import DQNNetwork
import Testing

@Suite struct DenseTests {
    /// Covers every strategy for a dense layer: one row, few rows, few outputs, many inputs, and the cases in between.
    @Test(arguments: [1, 2, 15, 16, 21, 37], [(40, 24), (530, 18), (1100, 33), (1030, 16), (1100, 5)])
    func outputsMatchTheDefinition(rows: Int, layer: (inputs: Int, outputs: Int)) throws {
        let architecture = try NetworkArchitecture(
            "mlp:\(layer.outputs)", input: ObservationSpace(shape: [layer.inputs], element: .float32), actions: 2)
        let layout = try ParameterLayout(architecture)
        let parameters = ParameterSlab(layout: layout)
        var generator = RandomGenerator(seed: 4)
        parameters.initialize(using: &generator)
        let x = (0..<rows * layer.inputs).map { _ in Float(generator.uniform(in: -1..<1)) }
        func sums(_ x: [Double], _ weight: Int) -> [Double] {
            let (weights, biases) = (layout.entries[weight], layout.entries[weight + 1])
            return (0..<weights.shape[0]).map { output in
                x.indices.reduce(Double(parameters.elements[biases.offset + output])) {
                    $0 + Double(parameters.elements[weights.offset + output * x.count + $1]) * x[$1]
                }
            }
        }
        for training in [false, true] {
            let computation = try OneDNNBackend().makeComputation(
                of: architecture, batchSize: rows, training: training)
            try computation.use(parameters)
            x.withUnsafeBytes { bytes in
                let size = bytes.count / rows
                for row in 0..<rows {
                    computation.load(
                        UnsafeRawBufferPointer(rebasing: bytes[row * size..<(row + 1) * size]), row: row, offset: 0)
                }
            }
            let outputs = Array(try computation.forward())
            for row in 0..<rows {
                let input = x[row * layer.inputs..<(row + 1) * layer.inputs].map(Double.init)
                let expected = sums(sums(input, 0).map { max(0, $0) }, 2)
                for action in 0..<2 { #expect(abs(Double(outputs[row * 2 + action]) - expected[action]) < 1e-5) }
            }
        }
    }
}
