import DQNModel
import DQNNetwork
import Testing

@Suite struct HiddenOutputsTests {
    /// Computes the outputs of the head from those of the hidden layers: they must be the network's own outputs.
    @Test(arguments: [1, 2])
    func aDuelingHeadOnTheReportedOutputsGivesTheNetworksOutputs(threads: Int) throws {
        let input = ObservationSpace(shape: [2, 12, 9], element: .uint8)
        let architecture = try NetworkArchitecture("conv:5k3s1,16k2s2/fc20", input: input, head: .dueling(actions: 3))
        let layout = try ParameterLayout(architecture)
        let parameters = ParameterSlab(layout: layout)
        var generator = RandomGenerator(seed: 5)
        parameters.initialize(using: &generator)
        let batch = 7
        let computation = try OneDNNBackend(team: threads > 1 ? ComputeTeam(threads: threads) : nil).makeComputation(
            of: architecture, batchSize: batch, training: true)
        try computation.use(parameters)
        FixtureHash.load(computation)
        let outputs = Array(try computation.forward())
        let hidden = try #require(computation.hiddenOutputs())
        #expect(hidden.map(\.name) == ["layers/0", "layers/1", "value/hidden", "advantage/hidden"])
        #expect(hidden.map(\.units) == [5, 16, 20, 20])
        #expect(hidden.map(\.positions) == [70, 15, 1, 1])
        #expect(hidden.map(\.values.count) == [7 * 350, 7 * 240, 7 * 20, 7 * 20])
        func linear(_ name: String, _ x: ArraySlice<Float>) throws -> [Double] {
            let weight = try #require(layout["\(name)/weight"])
            let bias = try #require(layout["\(name)/bias"])
            return (0..<weight.shape[0]).map { unit in
                var sum = Double(parameters.elements[bias.offset + unit])
                for (index, value) in x.enumerated() {
                    sum += Double(parameters.elements[weight.offset + unit * weight.fanIn + index] * value)
                }
                return sum
            }
        }
        for row in 0..<batch {
            func values(_ layer: Int) -> ArraySlice<Float> {
                let count = hidden[layer].units * hidden[layer].positions
                return hidden[layer].values[row * count..<(row + 1) * count]
            }
            // The order (unit, position) is that of the weights of the next layer.
            for (stream, layer) in [("value", 2), ("advantage", 3)] {
                let expected = try linear("\(stream)/hidden", values(1)).map { max(0, $0) }
                for (found, wanted) in zip(values(layer), expected) { #expect(abs(Double(found) - wanted) < 1e-5) }
            }
            let value = try linear("value/output", values(2))[0]
            let advantages = try linear("advantage/output", values(3))
            let mean = advantages.reduce(0, +) / 3
            for (action, advantage) in advantages.enumerated() {
                #expect(abs(Double(outputs[row * 3 + action]) - (value + advantage - mean)) < 1e-5)
            }
        }
        // The order of the first layer: each channel is compared with its definition at two corners.
        let weight = try #require(layout["layers/0/weight"])
        let bias = try #require(layout["layers/0/bias"])
        for row in 0..<batch {
            for channel in 0..<5 {
                for (r, c) in [(0, 0), (9, 2)] {
                    var sum = Double(parameters.elements[bias.offset + channel])
                    for element in 0..<18 {
                        let (plane, y, x) = (element / 9, element / 3 % 3, element % 3)
                        let index = row * input.count + plane * 108 + (r + y) * 9 + c + x
                        let pixel = (FixtureHash.hash(index, salt: 2) >> 24) >> UInt32(row)
                        sum += Double(parameters.elements[weight.offset + channel * 18 + element]) * Double(pixel) / 255
                    }
                    let found = hidden[0].values[((row * 5 + channel) * 10 + r) * 7 + c]
                    #expect(abs(Double(found) - max(0, sum)) < 1e-5)
                }
            }
        }
    }

    @Test func onlyComputationsForTrainingReportHiddenOutputs() throws {
        let architecture = try NetworkArchitecture(
            "mlp:8", input: ObservationSpace(shape: [3], element: .float32), actions: 2)
        let computation = try OneDNNBackend().makeComputation(of: architecture, batchSize: 2, training: false)
        try computation.use(ParameterSlab(layout: ParameterLayout(architecture)))
        _ = try computation.forward()
        #expect(computation.hiddenOutputs() == nil)
    }
}
