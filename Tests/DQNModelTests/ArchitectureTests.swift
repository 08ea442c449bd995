import DQNModel
import Foundation
import Testing

@Suite struct ArchitectureTests {
    static let atari = ObservationSpace(shape: [4, 84, 84], element: .uint8)

    @Test func natureNetworkMatchesThePaper() throws {
        let network = try NetworkArchitecture("nature-cnn", input: Self.atari, actions: 6)
        #expect(try network.layerShapes() == [[32, 20, 20], [64, 9, 9], [64, 7, 7], [512], [6]])
        #expect(try ParameterLayout(network).count == 1_687_206)
    }

    @Test func nipsNetworkMatchesThePaper() throws {
        let network = try NetworkArchitecture("nips-cnn", input: Self.atari, actions: 4)
        #expect(try network.layerShapes() == [[16, 20, 20], [32, 9, 9], [256], [4]])
    }

    @Test func presetNetworksAreShorthands() throws {
        #expect(
            try NetworkArchitecture.layers("small-cnn") == NetworkArchitecture.layers("conv:16k3s1,32k3s1/fc128"))
        #expect(try NetworkArchitecture.layers("mlp:64,32") == [.dense(units: 64), .dense(units: 32)])
        #expect(try NetworkArchitecture.layers("conv:8k3s2") == [.convolution(outputs: 8, kernel: 3, stride: 2)])
    }

    @Test(arguments: [
        "", "mlp", "mlp:", "mlp:64,", "mlp:0", "mlp:-3", "mlp:64,x", "conv:", "conv:16k3", "conv:16k3s1/128",
        "conv:16k3s1/fc128/fc2", "conv:16s1k3", "conv:016k3s1", "resnet", "conv:16k3s0", "conv:16k300s1",
        "conv:16k3s1/fc",
        "mlp:99999999999999999999",
    ])
    func refusesInvalidArchitectures(text: String) {
        #expect(throws: ModelError.self) { try NetworkArchitecture(text, input: Self.atari, actions: 4) }
    }

    @Test func refusesConvolutionsOnVectors() {
        let vector = ObservationSpace(shape: [4], element: .float32)
        #expect(throws: ModelError.self) { try NetworkArchitecture("nature-cnn", input: vector, actions: 2) }
        #expect(throws: ModelError.self) { try NetworkArchitecture("mlp:8", input: vector, actions: 0) }
    }

    @Test func layoutHasNoGaps() throws {
        let network = try NetworkArchitecture(
            "conv:16k3s1/fc20", input: .init(shape: [2, 8, 8], element: .float32), actions: 3)
        let layout = try ParameterLayout(network)
        #expect(
            layout.entries.map(\.name) == [
                "layers/0/weight", "layers/0/bias", "layers/1/weight", "layers/1/bias", "head/weight", "head/bias",
            ])
        #expect(layout.entries.map(\.shape) == [[16, 2, 3, 3], [16], [20, 576], [20], [3, 20], [3]])
        #expect(layout.entries.map(\.fanIn) == [18, 18, 576, 576, 20, 20])
        var next = 0
        for entry in layout.entries {
            #expect(entry.offset == next)
            next += entry.count
        }
        #expect(layout.count == next)
        #expect(layout["head/bias"]?.offset == next - 3)
        #expect(layout["nothing"] == nil)
    }

    @Test func roundTripsThroughJSON() throws {
        let network = try NetworkArchitecture("nature-cnn", input: Self.atari, actions: 6)
        let data = try JSONValue.canonicalEncoder.encode(network)
        #expect(try JSONDecoder().decode(NetworkArchitecture.self, from: data) == network)
    }
}
