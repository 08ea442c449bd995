import DQNModel
import Testing

/// Tests of the descriptions that go beyond dense layers and square convolutions without padding.
@Suite struct GrammarTests {
    typealias Layer = NetworkArchitecture.Layer
    typealias Extent = NetworkArchitecture.Extent

    static let image = ObservationSpace(shape: [3, 12, 16], element: .float32)
    static let vector = ObservationSpace(shape: [4], element: .float32)

    @Test(
        arguments: [
            ("mlp:64+tanh", [.dense(units: 64, activation: .tanh)]),
            (
                "mlp:64,32+norm",
                [
                    .dense(units: 64, activation: .identity), .layerNorm(activation: .relu),
                    .dense(units: 32, activation: .identity), .layerNorm(activation: .relu),
                ]
            ),
            ("mlp:8+norm+silu", [.dense(units: 8, activation: .identity), .layerNorm(activation: .silu)]),
            ("mlp:8+silu+norm", [.dense(units: 8, activation: .identity), .layerNorm(activation: .silu)]),
            ("mlp:8+identity", [.dense(units: 8, activation: .identity)]),
            ("conv:16k3s1p1", [.convolution(outputs: 16, kernel: Extent(3), stride: Extent(1), padding: Extent(1))]),
            (
                "conv:16k3x5s1x2p0x2/fc4+gelu",
                [
                    .convolution(
                        outputs: 16, kernel: Extent(rows: 3, columns: 5), stride: Extent(rows: 1, columns: 2),
                        padding: Extent(rows: 0, columns: 2), activation: .gelu),
                    .dense(units: 4, activation: .gelu),
                ]
            ),
            (
                "conv:8k3s1,max2s2,8k3s1p1,avg3x2s2p1/fc4+norm",
                [
                    .convolution(outputs: 8, kernel: Extent(3), stride: Extent(1), activation: .identity),
                    .layerNorm(activation: .relu), .maxPooling(kernel: Extent(2), stride: Extent(2)),
                    .convolution(
                        outputs: 8, kernel: Extent(3), stride: Extent(1), padding: Extent(1), activation: .identity),
                    .layerNorm(activation: .relu),
                    .averagePooling(kernel: Extent(rows: 3, columns: 2), stride: Extent(2), padding: Extent(1)),
                    .dense(units: 4, activation: .identity), .layerNorm(activation: .relu),
                ]
            ),
        ] as [(String, [Layer])])
    func describesLayers(text: String, layers: [Layer]) throws {
        #expect(try NetworkArchitecture.layers(text) == layers)
    }

    @Test func namesPresetsWithSuffixes() throws {
        #expect(
            try NetworkArchitecture.layers("nips-cnn+norm")
                == NetworkArchitecture.layers("conv:16k8s4,32k4s2/fc256+norm"))
    }

    @Test func headSuffixAddsStreams() throws {
        let dueling = try NetworkArchitecture("mlp:8+tanh+head:6,5", input: Self.vector, head: .dueling(actions: 2))
        let stream = [Layer.dense(units: 6, activation: .tanh), .dense(units: 5, activation: .tanh)]
        #expect(dueling.layers == [.dense(units: 8, activation: .tanh)])
        #expect(dueling.head == .dueling(actions: 2, streams: .init(value: stream, advantage: stream)))
        let critic = try NetworkArchitecture("mlp:8+head:6+norm", input: Self.vector, head: .actorCritic(actions: 2))
        let normalized = [Layer.dense(units: 6, activation: .identity), .layerNorm(activation: .relu)]
        #expect(critic.head == .actorCritic(actions: 2, streams: .init(policy: normalized, value: normalized)))
    }

    /// Networks that other programs have trained often share no layers, and their streams differ.
    @Test func streamsMayDifferAndShareNothing() throws {
        let critic = try NetworkArchitecture("none+tanh+head:6,5/4", input: Self.vector, head: .actorCritic(actions: 2))
        let policy = [Layer.dense(units: 6, activation: .tanh), .dense(units: 5, activation: .tanh)]
        #expect(critic.layers.isEmpty)
        #expect(
            critic.head
                == .actorCritic(
                    actions: 2, streams: .init(policy: policy, value: [.dense(units: 4, activation: .tanh)])))
        let dueling = try NetworkArchitecture("mlp:8+head:/", input: Self.vector, head: .dueling(actions: 2))
        #expect(dueling.layers == [.dense(units: 8)])
        #expect(dueling.head == .dueling(actions: 2, streams: .init(value: [], advantage: [])))
        #expect(try NetworkArchitecture("none", input: Self.vector, actions: 2).layers.isEmpty)
    }

    /// The streams of a dueling network keep the normalisation of the layer that they split.
    @Test func normalizedDuelingNetworksSplitTheirLastDenseLayer() throws {
        let network = try NetworkArchitecture("mlp:8,6+norm", input: Self.vector, head: .dueling(actions: 2))
        let stream = [Layer.dense(units: 6, activation: .identity), .layerNorm(activation: .relu)]
        #expect(network.layers == [.dense(units: 8, activation: .identity), .layerNorm(activation: .relu)])
        #expect(network.head == .dueling(actions: 2, streams: .init(value: stream, advantage: stream)))
    }

    @Test(arguments: [
        "mlp:8+", "mlp:8+swish", "mlp:8+tanh+relu", "mlp:8+norm+norm", "mlp:8+head:", "mlp:8+head:0", "mlp:8+head:8",
        "none:", "none,8", "mlp:8+head:8/4/2", "mlp:8+head:8,/4", "mlp:8+head:/0",
        "+norm", "conv:16k3s1p", "conv:16k3x", "conv:16k3x3x3s1", "conv:16k03s1", "conv:max2", "conv:max2s2p2",
        "conv:2max2s2", "conv:8k3s1p3", "conv:8k3s1p-1", "conv:8k3s1p99999999999999999999", "conv:8k20s1",
        "conv:8k3s1/fc8,max2s2", "conv:8k3s1 ", "conv:８k3s1", "conv:median2s2",
    ])
    func refusesInvalidDescriptions(text: String) {
        let error = #expect(throws: ModelError.self) { try NetworkArchitecture(text, input: Self.image, actions: 3) }
        #expect(error?.code == .invalidArchitecture)
        #expect(error?.message.contains("\n") == false)
    }

    @Test func namesTheInvalidSuffix() {
        let error = #expect(throws: ModelError.self) { try NetworkArchitecture.layers("mlp:8+swish") }
        #expect(error?.message.contains("'+swish'") == true && error?.message.contains("silu") == true)
    }

    @Test(arguments: [
        "16k3s1", "16k3x5s1x2p0x2", "fc64", "norm", "max2s2", "avg3x2s2p1",
    ])
    func layersHaveTheTextOfTheirDescription(text: String) throws {
        let layer =
            switch text {
            case "norm": Layer.layerNorm()
            case "fc64": Layer.dense(units: 64)
            default: try NetworkArchitecture.layers("conv:\(text)")[0]
            }
        #expect(layer.text == text)
        #expect(Layer(layer.kind, activation: .tanh).text == "\(text)+tanh")
    }
}
