import DQNModel
import Foundation
import Testing

/// Tests of layers, input scaling and heads: shapes, parameters, documents and refusals.
@Suite struct LayerTests {
    typealias Layer = NetworkArchitecture.Layer
    typealias Extent = NetworkArchitecture.Extent

    static let image = ObservationSpace(shape: [3, 10, 14], element: .float32)
    static let vector = ObservationSpace(shape: [4], element: .float32)

    /// The shapes are those of PyTorch's modules with the same arguments.
    @Test func windowsHaveTheShapesOfPyTorch() throws {
        let network = try NetworkArchitecture(
            input: Self.image,
            layers: [
                .convolution(
                    outputs: 6, kernel: Extent(rows: 3, columns: 5), stride: Extent(rows: 1, columns: 2),
                    padding: Extent(rows: 1, columns: 2), activation: .tanh),
                .layerNorm(), .maxPooling(kernel: Extent(3), stride: Extent(2), padding: Extent(1)),
                .averagePooling(kernel: Extent(rows: 2, columns: 1), stride: Extent(1)),
                .dense(units: 7, activation: .gelu), .layerNorm(activation: .silu),
            ], head: .quantiles(actions: 3, quantiles: 5))
        #expect(
            try network.layerShapes() == [[6, 10, 7], [6, 10, 7], [6, 5, 4], [6, 4, 4], [7], [7], [15]])
        #expect(try network.activationCount() == 420 + 420 + 420 + 120 + 96 + 7 + 7 + 15)
        let layout = try ParameterLayout(network)
        #expect(
            layout.entries.map(\.name) == [
                "layers/0/weight", "layers/0/bias", "layers/1/weight", "layers/1/bias", "layers/4/weight",
                "layers/4/bias", "layers/5/weight", "layers/5/bias", "head/weight", "head/bias",
            ])
        #expect(
            layout.entries.map(\.shape) == [
                [6, 3, 3, 5], [6], [6, 10, 7], [6, 10, 7], [7, 96], [7], [7], [7], [15, 7], [15],
            ])
        #expect(layout.entries.map(\.fanIn) == [45, 45, 1, 1, 96, 96, 1, 1, 7, 7])
        #expect(layout.entries[2].role == .normalizationWeight && layout.entries[3].role == .normalizationBias)
        #expect(layout.entries[4].role == .weight && layout.entries[5].role == .bias)
        #expect(layout.count == 6 * 45 + 6 + 840 + 7 * 96 + 7 + 14 + 15 * 7 + 15)
    }

    @Test func explicitStreamsHaveTheirOwnNames() throws {
        let dueling = try NetworkArchitecture(
            input: Self.vector, layers: [.dense(units: 8)],
            head: .dueling(
                actions: 3,
                streams: .init(
                    value: [.dense(units: 6), .layerNorm(), .dense(units: 5, activation: .elu)], advantage: [])))
        #expect(
            try ParameterLayout(dueling).entries.filter { $0.name.hasSuffix("weight") }.map { "\($0.name) \($0.shape)" }
                == [
                    "layers/0/weight [8, 4]", "value/layers/0/weight [6, 8]", "value/layers/1/weight [6]",
                    "value/layers/2/weight [5, 6]", "value/output/weight [1, 5]", "advantage/output/weight [3, 8]",
                ])
        let critic = try NetworkArchitecture(
            input: Self.vector, layers: [],
            head: .actorCritic(
                actions: 3, streams: .init(policy: [.dense(units: 6, activation: .tanh)], value: [.dense(units: 5)])))
        #expect(critic.outputCount == 4)
        #expect(
            try ParameterLayout(critic).entries.map { "\($0.name) \($0.shape)" }
                == [
                    "policy/layers/0/weight [6, 4]", "policy/layers/0/bias [6]", "policy/output/weight [3, 6]",
                    "policy/output/bias [3]", "value/layers/0/weight [5, 4]", "value/layers/0/bias [5]",
                    "value/output/weight [1, 5]", "value/output/bias [1]",
                ])
        #expect(try critic.activationCount() == 4 + 6 + 3 + 5 + 1)
    }

    /// Documents that format 2.0 can express have the bytes that they always had; other keys appear where they differ.
    @Test(
        arguments: [
            (
                .convolution(outputs: 8, kernel: 3, stride: 2),
                #"{"kernel":3,"outputs":8,"stride":2,"type":"convolution"}"#
            ),
            (.dense(units: 9), #"{"type":"dense","units":9}"#),
            (.dense(units: 9, activation: .tanh), #"{"activation":"tanh","type":"dense","units":9}"#),
            (.layerNorm(), #"{"type":"layer_norm"}"#),
            (.layerNorm(activation: .relu), #"{"activation":"relu","type":"layer_norm"}"#),
            (
                .convolution(
                    outputs: 8, kernel: Extent(rows: 3, columns: 5), stride: Extent(2),
                    padding: Extent(rows: 0, columns: 2),
                    activation: .identity),
                #"{"activation":"identity","kernel":[3,5],"outputs":8,"padding":[0,2],"stride":2,"type":"convolution"}"#
            ),
            (.maxPooling(kernel: Extent(2), stride: Extent(2)), #"{"kernel":2,"stride":2,"type":"max_pooling"}"#),
            (
                .averagePooling(kernel: Extent(3), stride: Extent(2), padding: Extent(1)),
                #"{"kernel":3,"padding":1,"stride":2,"type":"average_pooling"}"#
            ),
        ] as [(Layer, String)])
    func layersRoundTripThroughJSON(layer: Layer, text: String) throws {
        let data = try JSONValue.canonicalEncoder.encode(layer)
        #expect(String(decoding: data, as: UTF8.self) == text)
        #expect(try JSONDecoder().decode(Layer.self, from: data) == layer)
    }

    @Test(
        arguments: [
            (.quantiles(actions: 4, quantiles: 51), #"{"actions":4,"quantiles":51,"type":"quantiles"}"#),
            (
                .dueling(actions: 4, streams: .init(value: [], advantage: [.dense(units: 2)])),
                #"{"actions":4,"advantage_layers":[{"type":"dense","units":2}],"type":"dueling","value_layers":[]}"#
            ),
            (
                .actorCritic(actions: 4, streams: .init(policy: [.layerNorm()], value: [])),
                #"{"actions":4,"policy_layers":[{"type":"layer_norm"}],"type":"actor_critic","value_layers":[]}"#
            ),
        ] as [(NetworkArchitecture.Head, String)])
    func headsRoundTripThroughJSON(head: NetworkArchitecture.Head, text: String) throws {
        let data = try JSONValue.canonicalEncoder.encode(head)
        #expect(String(decoding: data, as: UTF8.self) == text)
        #expect(try JSONDecoder().decode(NetworkArchitecture.Head.self, from: data) == head)
    }

    @Test func inputScalingRoundTripsExactly() throws {
        var network = try NetworkArchitecture("mlp:2", input: Self.vector, actions: 2)
        let plain = String(decoding: try JSONValue.canonicalEncoder.encode(network), as: UTF8.self)
        #expect(!plain.contains("input_"))
        network = try NetworkArchitecture(
            input: Self.vector, inputOffset: [0.1], inputScale: [1 / 255, 0.3, .leastNonzeroMagnitude, -3e38],
            layers: network.layers, head: network.head)
        let data = try JSONValue.canonicalEncoder.encode(network)
        #expect(String(decoding: data, as: UTF8.self).contains(#""input_offset":[0.10000000149011612]"#))
        #expect(try JSONDecoder().decode(NetworkArchitecture.self, from: data) == network)
    }

    @Test(arguments: [
        #"{"type":"dense","units":9,"activation":"swish"}"#, #"{"type":"dense","units":9,"activation":4}"#,
        #"{"type":"recurrent","units":9}"#, #"{"type":"max_pooling","kernel":2}"#,
        #"{"type":"max_pooling","kernel":[2,2,2],"stride":1}"#, #"{"type":"max_pooling","kernel":[],"stride":1}"#,
        #"{"type":"max_pooling","kernel":2.5,"stride":1}"#,
        #"{"type":"convolution","outputs":1,"kernel":2,"stride":1,"padding":[]}"#,
    ])
    func refusesUnknownLayers(text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Layer.self, from: Data(text.utf8)) }
    }

    @Test(arguments: [
        #"{"type":"dueling","actions":2,"value_layers":[]}"#,
        #"{"type":"actor_critic","actions":2,"policy_layers":[]}"#,
        #"{"type":"quantiles","actions":2}"#,
    ])
    func refusesIncompleteHeads(text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(NetworkArchitecture.Head.self, from: Data(text.utf8))
        }
    }

    /// An optional key that is `null` is absent.
    @Test func nullMeansAbsent() throws {
        let layer = #"{"type":"convolution","outputs":1,"kernel":2,"stride":1,"padding":null,"activation":null}"#
        #expect(
            try JSONDecoder().decode(Layer.self, from: Data(layer.utf8))
                == .convolution(outputs: 1, kernel: 2, stride: 1))
        let head = #"{"type":"dueling","actions":2,"value_layers":null,"advantage_layers":null}"#
        #expect(
            try JSONDecoder().decode(NetworkArchitecture.Head.self, from: Data(head.utf8)) == .dueling(actions: 2))
    }

    private func refuses(_ layers: [Layer], head: NetworkArchitecture.Head = .actionValues(actions: 2)) {
        let error = #expect(throws: ModelError.self) {
            try NetworkArchitecture(input: Self.image, layers: layers, head: head)
        }
        #expect(error?.code == .invalidArchitecture)
    }

    /// Sizes come from untrusted files: none may overflow or reach an allocation.
    @Test func refusesSizesThatDoNotFit() {
        for size in [0, -1, 1 << 24 + 1, Int.max, Int.min] {
            refuses([.dense(units: size)])
            refuses([.convolution(outputs: size, kernel: 3, stride: 1)])
            refuses([.convolution(outputs: 1, kernel: size, stride: 1)])
            refuses([.convolution(outputs: 1, kernel: 3, stride: size)])
            refuses([.maxPooling(kernel: Extent(size), stride: Extent(1))])
            refuses([.averagePooling(kernel: Extent(1), stride: Extent(rows: 1, columns: size))])
            refuses([], head: .quantiles(actions: size, quantiles: 2))
            refuses([], head: .quantiles(actions: 2, quantiles: size))
            refuses([], head: .dueling(actions: 2, streams: .init(value: [.dense(units: size)], advantage: [])))
        }
        for padding in [-1, 3, Int.max, Int.min] {
            refuses([.convolution(outputs: 1, kernel: Extent(3), stride: Extent(1), padding: Extent(padding))])
            refuses([.maxPooling(kernel: Extent(3), stride: Extent(1), padding: Extent(rows: 0, columns: padding))])
        }
        refuses([.maxPooling(kernel: Extent(3), stride: Extent(1), padding: Extent(2))])
        // A padded input may be larger than its kernel by any amount, but not a layer's output.
        let size = 1 << 23
        refuses([.convolution(outputs: 1, kernel: Extent(size), stride: Extent(1), padding: Extent(size - 1))])
        refuses([.dense(units: 3), .maxPooling(kernel: Extent(1), stride: Extent(1))])
        refuses([.dense(units: 3), .layerNorm(), .convolution(outputs: 1, kernel: 1, stride: 1)])
        refuses([], head: .quantiles(actions: 65_536, quantiles: 257))
        refuses(
            [],
            head: .actorCritic(
                actions: 2, streams: .init(policy: [], value: [.convolution(outputs: 1, kernel: 1, stride: 1)])))
        let wide = Layer.dense(units: 46_341)
        refuses([], head: .dueling(actions: 2, streams: .init(value: [wide, wide], advantage: [])))
    }

    @Test func refusesTooManyLayers() {
        let many = Array(repeating: Layer.layerNorm(), count: 4097)
        refuses(many)
        refuses([], head: .actorCritic(actions: 2, streams: .init(policy: many, value: [])))
        #expect(throws: Never.self) {
            try NetworkArchitecture(
                input: Self.vector, layers: many.dropLast(), head: .actionValues(actions: 1))
        }
    }

    @Test func refusesTooManyOutputs() {
        let pooling = Layer.maxPooling(kernel: Extent(1), stride: Extent(1))
        let large = ObservationSpace(shape: [1, 8192, 8192], element: .uint8)
        #expect(throws: ModelError.self) {
            try NetworkArchitecture(
                input: large, layers: Array(repeating: pooling, count: 16), head: .actionValues(actions: 1))
        }
    }

    @Test func refusesInvalidInputScaling() {
        for (offset, scale) in [([Float.nan], []), ([], [Float.infinity]), ([1, 2], []), ([], [1, 2, 3, 4, 5])] {
            let error = #expect(throws: ModelError.self) {
                try NetworkArchitecture(
                    input: Self.vector, inputOffset: offset, inputScale: scale, layers: [],
                    head: .actionValues(actions: 2))
            }
            #expect(error?.message.contains(offset.isEmpty ? "scale" : "offset") == true)
        }
        let empty =
            #"{"head":{"actions":1,"type":"action_values"},"input":{"element":"uint8","shape":[1]},"layers":[],"input_scale":[]}"#
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(NetworkArchitecture.self, from: Data(empty.utf8))
        }
    }
}
