import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation
import Testing

/// Models of Keras as this library's `to_keras` makes them.
@Suite struct KerasExportTests {
    private typealias Model = KerasForge
    private typealias Architecture = NetworkArchitecture

    private static let vector = ObservationSpace(shape: [4], element: .float32)

    /// A policy whose weights all differ, with zeros that keep their signs.
    private static func policy(_ architecture: Architecture) throws -> PolicyExport {
        let layout = try ParameterLayout(architecture)
        var parameters = (0..<layout.count).map { Float(($0 * 37) % 101 - 50) / 64 }
        for entry in layout.entries { parameters[entry.offset] = -0.0 }
        let checkpoint = Checkpoint(
            writer: .current,
            configuration: .object(["environment": .string("CartPole-v1"), "frame_stack": .integer(1)]),
            architecture: architecture, online: parameters, stripped: ["optimizer", "replay", "training"])
        return try PolicyExport(checkpoint, digest: String(repeating: "0", count: 64))
    }

    /// The layers of a model, and their weights by the names of their classes.
    private struct Builder {
        let policy: PolicyExport
        var layers: [String] = []
        var weights: [String: [Model.Weight]] = [:]
        private var names: [String: Int] = [:]

        init(_ policy: PolicyExport) { self.policy = policy }

        mutating func add(
            _ className: String, _ name: String, _ config: String = "", after inputs: String...,
            stored: [Model.Weight] = []
        ) {
            layers.append(Model.layer(className, name, config, inputs))
            let plain = className.split(separator: ">").last.map { $0.lowercased() } ?? ""
            let count = names[plain, default: 0]
            names[plain] = count + 1
            if !stored.isEmpty { weights[count == 0 ? plain : "\(plain)_\(count)"] = stored }
        }

        /// A dense layer with some rows of a stored one.
        mutating func dense(
            _ name: String, after input: String, _ stored: String, rows: Range<Int>? = nil,
            _ activation: String = "linear"
        ) throws {
            let layout = try ParameterLayout(policy.architecture)
            let weight = try #require(layout["\(stored)/weight"])
            let bias = try #require(layout["\(stored)/bias"])
            let (rows, inputs) = (rows ?? 0..<weight.shape[0], weight.shape[1])
            let kernel = (0..<inputs).flatMap { input in
                rows.map { policy.parameters[weight.offset + $0 * inputs + input] }
            }
            add(
                "Dense", name, #""activation":"\#(activation)""#, after: input,
                stored: [
                    ([inputs, rows.count], kernel), ([rows.count], rows.map { policy.parameters[bias.offset + $0] }),
                ])
        }

        /// The input with its scale, and the layer that carries the documents.
        mutating func begin(_ text: [UInt8]?) throws {
            let architecture = policy.architecture
            layers.append(Model.input("observation", "4"))
            if architecture.inputScale.count > 1 {
                let shift = zip(architecture.inputOffset, architecture.inputScale).map { -$0 * $1 }
                add("Flatten", "flatten", after: "observation")
                add(
                    "swift_dqn>Diagonal", "input_scale", after: "flatten",
                    stored: [([4], architecture.inputScale), ([4], shift)])
            } else {
                let (scale, offset) = (architecture.inputScale.first ?? 1, architecture.inputOffset.first ?? 0)
                add(
                    "Rescaling", "input_scale", #""scale":\#(scale),"offset":\#(-offset * scale)"#, after: "observation"
                )
            }
            let shape = text.map { "[\($0.map(String.init).joined(separator: ","))]" } ?? "null"
            add("Dropout", "swift_dqn", #""rate":0.0,"noise_shape":\#(shape)"#, after: "input_scale")
        }

        /// The whole model.
        mutating func model(_ text: [UInt8]?) throws -> [UInt8] {
            try begin(text)
            var outputs = ["q_values"]
            switch policy.architecture.head {
            case .actionValues:
                try dense("hidden", after: "swift_dqn", "layers/0", "tanh")
                try dense("q_values", after: "hidden", "head")
            case .actorCritic(let actions, nil):
                try dense("hidden", after: "swift_dqn", "layers/0", "tanh")
                try dense("policy", after: "hidden", "head", rows: 0..<actions)
                try dense("value", after: "hidden", "head", rows: actions..<(actions + 1))
                outputs = ["policy", "value"]
            case .dueling(_, nil):
                for stream in ["value", "advantage"] {
                    try dense("\(stream)_hidden", after: "swift_dqn", "\(stream)/hidden", "tanh")
                    try dense(stream, after: "\(stream)_hidden", "\(stream)/output")
                }
                add("Mean", "mean", #""axis":1,"keepdims":true"#, after: "advantage")
                add("Subtract", "centred", after: "advantage", "mean")
                add("Add", "q_values", after: "centred", "value")
            case .quantiles(let actions, let quantiles):
                try dense("hidden", after: "swift_dqn", "layers/0", "tanh")
                try dense("quantiles", after: "hidden", "head")
                add("Reshape", "shaped", #""target_shape":[\#(actions),\#(quantiles)]"#, after: "quantiles")
                add("Mean", "q_values", #""axis":2,"keepdims":false"#, after: "shaped")
            default: Issue.record("no such head")
            }
            return try Model.model(
                layers, inputs: ["observation"], outputs: outputs, name: "policy", weights)
        }
    }

    private static func architectures() throws -> [Architecture] {
        let layers: [Architecture.Layer] = [.dense(units: 3, activation: .tanh)]
        return [
            try Architecture(input: vector, layers: layers, head: .actionValues(actions: 2)),
            try Architecture(
                input: vector, inputOffset: [0.25], inputScale: [2], layers: layers, head: .actorCritic(actions: 2)),
            try Architecture(
                input: vector, inputOffset: [0.1, -3, 7.7, 0], inputScale: [3, 0.3, 1.0 / 3, 1], layers: layers,
                head: .dueling(actions: 3)),
            try Architecture(input: vector, layers: layers, head: .quantiles(actions: 2, quantiles: 5)),
        ]
    }

    @Test func modelsComeBackExactly() throws {
        for architecture in try Self.architectures() {
            let policy = try Self.policy(architecture)
            var builder = Builder(policy)
            let bytes = try builder.model(try policy.document.text())
            let imported = try ForeignPolicy(bytes[...], name: "policy.keras", ImportOptions())
            #expect(imported.network.architecture == architecture && imported.network.notes.isEmpty)
            #expect(imported.network.parameters.map(\.bitPattern) == policy.parameters.map(\.bitPattern))
            #expect(try imported.checkpoint().configuration == policy.document.configuration)
            let options = try ImportOptions(map: ["frame_stack=2"])
            let error = try #require(throws: InterchangeError.self) {
                try ForeignPolicy(bytes[...], name: "policy.keras", options)
            }
            #expect(error.message.contains("leave it out"))
        }
    }

    /// Without the documents the network computes the same, and the environment has to be given.
    @Test func modelsWithoutDocumentsComputeTheSame() throws {
        for architecture in try Self.architectures() {
            let policy = try Self.policy(architecture)
            var builder = Builder(policy)
            let bytes = try builder.model(nil)
            let imported = try ForeignPolicy(bytes[...], name: "policy.keras", ImportOptions())
            let networks = [
                try ReferenceNetwork(architecture, policy.parameters),
                try ReferenceNetwork(imported.network.architecture, imported.network.parameters),
            ].map { $0.values([0.3, -2, 1.5, 4]) }
            #expect(zip(networks[0], networks[1]).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($0)) })
            let error = try #require(throws: InterchangeError.self) { try imported.checkpoint() }
            #expect(error.message.contains("--env"))
        }
    }

    /// Documents of another network do not apply.
    @Test func documentsOfOtherNetworksAreLeftOut() throws {
        let layers: [Architecture.Layer] = [.dense(units: 3, activation: .tanh)]
        let plain = try Architecture(input: Self.vector, layers: layers, head: .actionValues(actions: 2))
        let others = [
            try Architecture(input: Self.vector, layers: layers, head: .quantiles(actions: 2, quantiles: 5)),
            try Architecture(input: Self.vector, inputScale: [2], layers: layers, head: .actionValues(actions: 2)),
            try Architecture(input: Self.vector, layers: [.dense(units: 3)], head: .actionValues(actions: 2)),
        ]
        for other in others {
            var builder = Builder(try Self.policy(plain))
            let bytes = try builder.model(try Self.policy(other).document.text())
            let imported = try ForeignPolicy(
                bytes[...], name: "policy.keras", ImportOptions(environment: "CartPole-v1"))
            #expect(imported.network.architecture == plain)
            #expect(imported.network.notes.contains { $0.contains("is of another network") })
            #expect(try imported.checkpoint().configuration["environment"] == .string("CartPole-v1"))
        }
        var builder = Builder(try Self.policy(plain))
        let bytes = try builder.model(Array("{}".utf8))
        #expect(try Forge.failure(bytes).code == .malformed)
    }

    // MARK: Layers

    private static let pixels = Model.input("observation", "2,4,5")

    /// What comes before a pooling or a normalisation of images, and what becomes of it.
    private static func images(_ layers: [String], _ last: String, _ weights: [String: [Model.Weight]], _ count: Int)
        throws
        -> [UInt8]
    {
        let all =
            [
                pixels, Model.layer("Rescaling", "scaled", #""scale":0.5"#, ["observation"]),
                Model.layer("Permute", "last", #""dims":[2,3,1]"#, ["scaled"]),
            ] + layers + [
                Model.layer("Permute", "first", #""dims":[3,1,2]"#, [last]),
                Model.layer("Flatten", "flat", "", ["first"]),
                Model.layer("Dense", "q_values", "", ["flat"]),
            ]
        return try Model.model(
            all, inputs: ["observation"], outputs: ["q_values"], name: "policy",
            weights.merging(["dense": Model.weights([count, 2])]) { $1 })
    }

    @Test(
        arguments: [
            ("ZeroPadding2D", "relu", "MaxPooling2D", true), ("ZeroPadding2D", "sigmoid", "MaxPooling2D", true),
            ("ZeroPadding2D", "tanh", "MaxPooling2D", false), ("swift_dqn>LowestPadding", "tanh", "MaxPooling2D", true),
            ("ZeroPadding2D", "tanh", "AveragePooling2D", true),
            ("swift_dqn>LowestPadding", "relu", "AveragePooling2D", false),
            ("swift_dqn>LowestPadding", "relu", "Conv2D", false),
            ("ZeroPadding2D", "relu", "GlobalMaxPooling2D", false),
        ] as [(String, String, String, Bool)])
    func poolingsTakePaddingsAlong(padding: String, activation: String, next: String, isPossible: Bool) throws {
        let layers = [
            Model.layer("Conv2D", "c", #""activation":"\#(activation)""#, ["last"]),
            Model.layer(padding, "p", #""padding":[1,0]"#, ["c"]),
            Model.layer(next, "n", #""pool_size":2,"strides":1"#, ["p"]),
        ]
        let weights = ["conv2d": Model.weights([2, 2, 2, 3]), "conv2d_1": Model.weights([2, 2, 3, 3])]
        let bytes = try Self.images(layers, "n", weights, 3 * 4 * 3)
        guard isPossible else {
            #expect(try Forge.failure(bytes).message.contains("that it cannot take along"))
            return
        }
        let kernel = Architecture.Extent(2)
        let one = Architecture.Extent(1)
        let rows = Architecture.Extent(rows: 1, columns: 0)
        let expected: Architecture.Layer =
            next == "MaxPooling2D"
            ? .maxPooling(kernel: kernel, stride: one, padding: rows)
            : .averagePooling(kernel: kernel, stride: one, padding: rows)
        #expect(try Model.network(bytes).architecture.layers.last == expected)
    }

    /// The elements of a normalisation over a whole image are channels first here.
    @Test func imagesAreNormalizedAsAWhole() throws {
        let weight: [Float] = (0..<40).map { Float($0) }
        let layers = [
            Model.layer("LayerNormalization", "n", #""axis":[1,2,3],"epsilon":1e-05"#, ["last"])
        ]
        let shape = [4, 5, 2]
        let bytes = try Self.images(
            layers, "n", ["layer_normalization": [(shape, weight), (shape, weight)]], 40)
        let network = try Model.network(bytes)
        #expect(network.architecture.layers == [.layerNorm()])
        // Channel 1 follows channel 0, whose elements are every second one in Keras.
        #expect(network.parameters[0..<3] == [0, 2, 4] && network.parameters[20..<23] == [1, 3, 5])
        let rows = [Model.layer("LayerNormalization", "n", #""axis":[2,3]"#, ["last"])]
        #expect(try Forge.failure(Self.images(rows, "n", [:], 40)).message.contains("normalises each row"))
        let wrong = [Model.layer("LayerNormalization", "n", #""axis":[1,2,9]"#, ["last"])]
        #expect(try Forge.failure(Self.images(wrong, "n", [:], 40)).message.contains("'axis'"))
    }

    @Test func classesOfThePackageAreThoseOfItsModule() throws {
        let own = #"{"class_name":"Diagonal","module":"evil","name":"d","config":{},"inbound_nodes":[[["x",0,0,{}]]]}"#
        let bytes = try Model.model([Model.input("x", "4"), own], outputs: ["d"], [:])
        #expect(try Forge.failure(bytes).message.contains("whose code would have to be run"))
    }

    // MARK: Embeddings

    @Test func tablesOfStatesAreLayers() throws {
        let table: Model.Weight = ([5, 3], (0..<15).map { Float($0) })
        func layers(_ inputs: Int) -> [String] {
            [
                Model.input("x", "\(inputs)"), Model.layer("Embedding", "e", #""input_dim":5,"output_dim":3"#, ["x"]),
                Model.layer("Flatten", "f", "", ["e"]),
                Model.layer("Dense", "d", #""activation":"relu""#, ["f"]), Model.layer("Dense", "q", "", ["d"]),
            ]
        }
        let weights = ["embedding": [table], "dense": Model.weights([3, 4]), "dense_1": Model.weights([4, 2], 2)]
        let network = try Model.network(Model.model(layers(1), outputs: ["q"], weights))
        #expect(network.architecture.input == ObservationSpace(shape: [5], element: .float32))
        #expect(network.architecture.layers.map(\.activation) == [.identity, .relu])
        #expect(network.parameters[0..<5] == [0, 3, 6, 9, 12])
        #expect(network.notes.contains { $0.contains("embedding of 5 numbers") })
        let two = try Model.model(layers(2), outputs: ["q"], weights)
        #expect(try Forge.failure(two).message.contains("is an embedding of something else"))
        // Weights alone say the same.
        let alone = try Model.network(Model.file(weights))
        #expect(alone.parameters == network.parameters)
        #expect(alone.architecture.layers.map(\.activation) == [.identity, .relu])
    }
}
