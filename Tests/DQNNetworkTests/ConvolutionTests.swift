import DQNModel
import DQNNetwork
import Testing

/// Reference convolutions: plain sums in double precision.
private struct PlainConvolutions {
    let architecture: NetworkArchitecture
    let layout: ParameterLayout
    let parameters: ParameterSlab

    /// Returns the Q-values of one observation with the layout (channel, row, column).
    func outputs(_ observation: [Double]) throws -> [Double] {
        var shape = architecture.input.shape
        var values = observation
        let shapes = try architecture.layerShapes()
        for (index, layer) in architecture.layers.enumerated() {
            guard case .convolution(let sizes) = layer.kind else { continue }
            let (kernel, stride) = (sizes.kernel.rows, sizes.stride.rows)
            values = convolve(values, shape, shapes[index], kernel: kernel, stride: stride, entry: 2 * index)
            shape = shapes[index]
        }
        let weights = layout.entries[layout.entries.count - 2]
        let biases = layout.entries[layout.entries.count - 1]
        return (0..<weights.shape[0]).map { output in
            values.indices.reduce(parameter(biases, output)) {
                $0 + parameter(weights, output * values.count + $1) * values[$1]
            }
        }
    }

    private func parameter(_ entry: ParameterLayout.Entry, _ index: Int) -> Double {
        Double(parameters.elements[entry.offset + index])
    }

    private func convolve(
        _ x: [Double], _ from: [Int], _ to: [Int], kernel: Int, stride: Int, entry: Int
    ) -> [Double] {
        var y: [Double] = []
        for channel in 0..<to[0] {
            for row in 0..<to[1] {
                for column in 0..<to[2] {
                    var sum = parameter(layout.entries[entry + 1], channel)
                    for input in 0..<from[0] {
                        for r in 0..<kernel {
                            for c in 0..<kernel {
                                let weight = ((channel * from[0] + input) * kernel + r) * kernel + c
                                let pixel = (input * from[1] + row * stride + r) * from[2] + column * stride + c
                                sum += parameter(layout.entries[entry], weight) * x[pixel]
                            }
                        }
                    }
                    y.append(max(0, sum))
                }
            }
        }
        return y
    }
}

@Suite struct ConvolutionTests {
    // Kernels that the stride divides, with rows and columns that no output depends on, and other kernels.
    @Test(arguments: [
        ("conv:16k4s2,8k3s1", ObservationSpace(shape: [3, 11, 13], element: .uint8)),
        ("conv:16k8s4,16k4s2", ObservationSpace(shape: [4, 46, 47], element: .uint8)),
        ("conv:48k3s1,32k2s2", ObservationSpace(shape: [3, 12, 14], element: .uint8)),
        ("conv:64k1s1,16k5s2", ObservationSpace(shape: [7, 9, 20], element: .float32)),
        ("conv:32k3s1,48k6s2,16k3s1", ObservationSpace(shape: [16, 22, 25], element: .float32)),
        ("conv:16k8s4,32k4s2,16k2s1", ObservationSpace(shape: [2, 56, 61], element: .uint8)),
        ("conv:4k3s3", ObservationSpace(shape: [1, 10, 11], element: .uint8)),
        ("conv:8k5s2", ObservationSpace(shape: [2, 12, 9], element: .uint8)),
        ("conv:8k3s1,16k2s1", ObservationSpace(shape: [5, 6, 7], element: .uint8)),
        ("conv:12k4s4,5k2s2", ObservationSpace(shape: [2, 17, 21], element: .float32)),
    ])
    func outputsMatchTheDefinition(network: String, input: ObservationSpace) throws {
        let architecture = try NetworkArchitecture(network, input: input, actions: 3)
        let layout = try ParameterLayout(architecture)
        let parameters = ParameterSlab(layout: layout)
        var generator = RandomGenerator(seed: 5)
        parameters.initialize(using: &generator)
        let bytes = (0..<2 * input.count).map { _ in UInt8(generator.integer(below: 256)) }
        let isBytes = input.element == .uint8
        let numbers = bytes.map { isBytes ? Double($0) / 255 : Double($0) / 100 - 1 }
        let reference = PlainConvolutions(architecture: architecture, layout: layout, parameters: parameters)
        for training in [false, true] {
            let computation = try OneDNNBackend().makeComputation(of: architecture, batchSize: 2, training: training)
            try computation.use(parameters)
            let elements: [UInt8] = isBytes ? bytes : numbers.map(Float.init).withUnsafeBytes { Array($0) }
            let channel = elements.count / 2 / input.shape[0]
            // Loads the first observation by channel and the second as a whole.
            elements.withUnsafeBytes { all in
                for index in 0..<input.shape[0] {
                    let range = index * channel..<(index + 1) * channel
                    computation.load(
                        UnsafeRawBufferPointer(rebasing: all[range]), row: 0,
                        offset: range.lowerBound / input.element.byteCount)
                }
                computation.load(UnsafeRawBufferPointer(rebasing: all[(all.count / 2)...]), row: 1, offset: 0)
            }
            let outputs = Array(try computation.forward())
            let expected = try [0, 1].flatMap {
                try reference.outputs(Array(numbers[$0 * input.count..<($0 + 1) * input.count]))
            }
            for (found, wanted) in zip(outputs, expected) { #expect(abs(Double(found) - wanted) < 1e-4) }
        }
    }

    /// A batch of large observations is computed in blocks: 15 rows as 5 × 3, 13 rows one by one.
    @Test(arguments: [15, 13])
    func aBatchInBlocksMatchesItsRows(batch: Int) throws {
        let input = ObservationSpace(shape: [4, 84, 84], element: .uint8)
        let architecture = try NetworkArchitecture("conv:32k8s4,16k4s2,32k3s1/fc32", input: input, actions: 3)
        let layout = try ParameterLayout(architecture)
        let parameters = ParameterSlab(layout: layout)
        var generator = RandomGenerator(seed: 9)
        parameters.initialize(using: &generator)
        let observations = (0..<batch).map { _ in (0..<input.count).map { _ in UInt8(generator.integer(below: 256)) } }
        func pass(_ rows: Range<Int>) throws -> TrainingPass {
            try TrainingPass(rows, of: observations, architecture, parameters)
        }
        let whole = try pass(0..<batch)
        let single = try (0..<batch).map { try pass($0..<$0 + 1) }
        for (found, wanted) in zip(whole.outputs, single.flatMap(\.outputs)) { #expect(abs(found - wanted) < 1e-5) }
        let largest = whole.gradients.reduce(0) { max($0, abs($1)) }
        for index in whole.gradients.indices {
            let sum = single.reduce(0) { $0 + Double($1.gradients[index]) }
            #expect(abs(Double(whole.gradients[index]) - sum) < Double(largest) * 1e-5)
        }
    }

    /// Weights in a layout of the kernels follow the parameters: those of folded and other convolutions by Winograd's
    /// method, by loops and by the library, of normalisations, and of dense layers that are served.
    @Test(
        arguments: [
            ("conv:16k4s2,16k2s1,16k3s1/fc20", 20), ("conv:5k3s1,16k3s1,16k5s1/fc20", 3),
            ("conv:16k4s2,16k3s1,16k3s1p1/fc20+norm", 17), ("conv:16k4s2,16k2s1/fc20", 1),
        ], ServingPrecision.allCases)
    func aComputationFollowsItsParameters(network: (text: String, batch: Int), serving: ServingPrecision) throws {
        let input = ObservationSpace(shape: [4, 20, 20], element: .uint8)
        let architecture = try NetworkArchitecture(network.text, input: input, head: .dueling(actions: 3))
        let layout = try ParameterLayout(architecture)
        ComputeThreads.useCallingThreadOnly()
        let (parameters, gradients) = (ParameterSlab(layout: layout), ParameterSlab(layout: layout))
        for (backend, training) in [
            (OneDNNBackend(), true), (OneDNNBackend(), false), (OneDNNBackend(serving: serving), false),
            (OneDNNBackend(team: ComputeTeam(threads: 2)), true),
        ] {
            func results(_ computation: any NetworkComputation, seed: UInt64) throws -> [Float] {
                var generator = RandomGenerator(seed: seed)
                parameters.initialize(using: &generator)
                try computation.use(parameters)
                FixtureHash.load(computation)
                let outputs = Array(try computation.forward())
                guard training else { return outputs }
                for index in outputs.indices { computation.outputGradient[index] = Float(index % 5) - 2 }
                try computation.backward(into: gradients)
                return outputs + gradients.values
            }
            func make() throws -> any NetworkComputation {
                try backend.makeComputation(of: architecture, batchSize: network.batch, training: training)
            }
            let computation = try make()
            let first = try results(computation, seed: 1)
            let second = try results(computation, seed: 2)
            #expect(first != second)
            #expect(try second == results(make(), seed: 2))
            #expect(try first == results(computation, seed: 1))
        }
    }
}
