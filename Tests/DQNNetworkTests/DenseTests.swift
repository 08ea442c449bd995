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

    /// Covers both ways to compute gradients, and tiles of every height and width.
    @Test(arguments: [1, 2, 7, 20, 33, 130], [[16, 48, 17], [32, 80, 41], [5, 16, 16], [48, 30, 1030]])
    func gradientsMatchTheDefinition(rows: Int, sizes: [Int]) throws {
        let architecture = try NetworkArchitecture(
            "mlp:\(sizes[1]),\(sizes[2])", input: ObservationSpace(shape: [sizes[0]], element: .float32), actions: 2)
        let layout = try ParameterLayout(architecture)
        let parameters = ParameterSlab(layout: layout)
        var generator = RandomGenerator(seed: 5)
        parameters.initialize(using: &generator)
        func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.uniform(in: -1..<1)) } }
        let (x, outputGradient) = (numbers(rows * sizes[0]), numbers(rows * 2))
        let computation = try OneDNNBackend().makeComputation(of: architecture, batchSize: rows, training: true)
        try computation.use(parameters)
        for row in 0..<rows {
            Array(x[row * sizes[0]..<(row + 1) * sizes[0]]).withUnsafeBytes {
                computation.load($0, row: row, offset: 0)
            }
        }
        _ = try computation.forward()
        _ = computation.outputGradient.update(fromContentsOf: outputGradient)
        let gradients = ParameterSlab(layout: layout)
        try computation.backward(into: gradients)

        var expected = [Double](repeating: 0, count: layout.count)
        let stored = parameters.values.map(Double.init)
        for row in 0..<rows {
            var inputs = [x[row * sizes[0]..<(row + 1) * sizes[0]].map(Double.init)]
            for layer in 0..<3 {
                let (weight, bias) = (layout.entries[2 * layer], layout.entries[2 * layer + 1])
                let values = inputs[layer]
                inputs.append(
                    (0..<weight.shape[0]).map { output in
                        let sum = values.indices.reduce(stored[bias.offset + output]) {
                            $0 + stored[weight.offset + output * values.count + $1] * values[$1]
                        }
                        return layer < 2 ? max(0, sum) : sum
                    })
            }
            var gradient = outputGradient[2 * row..<2 * row + 2].map(Double.init)
            for layer in (0..<3).reversed() {
                let (weight, bias) = (layout.entries[2 * layer], layout.entries[2 * layer + 1])
                let values = inputs[layer]
                var next = [Double](repeating: 0, count: values.count)
                for output in gradient.indices {
                    expected[bias.offset + output] += gradient[output]
                    for input in values.indices {
                        let place = weight.offset + output * values.count + input
                        expected[place] += gradient[output] * values[input]
                        if values[input] > 0 { next[input] += gradient[output] * stored[place] }
                    }
                }
                gradient = next
            }
        }
        let scale = expected.map(abs).max() ?? 0
        for (index, gradient) in gradients.values.enumerated() {
            #expect(abs(Double(gradient) - expected[index]) < 2e-6 * scale, "gradient \(index)")
        }
    }
}
