import DQNInterchange
import DQNModel
import Testing

/// Models of Keras that look like ones that networks here can compute, and are not, or not in the obvious way.
@Suite struct KerasMeaningTests {
    private typealias Model = KerasForge

    private static let units2 = #""units":2"#

    /// A product of features with the observation, or with a second input in a hidden place, is no mask of actions.
    @Test(
        arguments: [
            (["gate"], "x", "combines outputs"), (["gate", "out"], "x", "combines outputs"),
            (["gate", "out"], "mask", "only outputs can be masked"), (["gate"], "mask", ""),
            (["gate"], "one", "combines outputs"),
        ] as [([String], String, String)])
    func onlyOutputsAreMasked(last: [String], factor: String, words: String) throws {
        var layers = [
            Model.input("x", "3"), Model.input("mask", "3"), Model.input("one", "1"),
            Model.layer("Dense", "a", "", ["x"]), Model.layer("Multiply", "gate", "", ["a", factor]),
        ]
        if last.count > 1 { layers.append(Model.layer("Dense", "out", "", ["gate"])) }
        let bytes = try Model.model(
            layers, inputs: ["x", "mask", "one"], outputs: [last[last.count - 1]],
            ["dense": Model.weights([3, 3]), "dense_1": Model.weights([3, 2], 2)])
        if words.isEmpty {
            #expect(try Model.network(bytes).notes.contains { $0.contains("'mask' masks actions") })
        } else {
            let error = try Forge.failure(bytes)
            #expect(error.code == .notRepresentable && error.message.contains(words), "\(error.message)")
        }
    }

    /// A sum of masked outputs is no sum of streams.
    @Test func maskedOutputsAreNotAdded() throws {
        let layers = [
            Model.input("x", "3"), Model.input("mask", "3"), Model.layer("Dense", "a", "", ["x"]),
            Model.layer("Dense", "v", "", ["x"]), Model.layer("Multiply", "masked", "", ["a", "mask"]),
            Model.layer("Add", "sum", "", ["masked", "v"]),
        ]
        let bytes = try Model.model(
            layers, inputs: ["x", "mask"], outputs: ["sum"],
            ["dense": Model.weights([3, 3]), "dense_1": Model.weights([3, 1], 2)])
        #expect(try Forge.failure(bytes).code == .notRepresentable)
    }

    /// Streams may scale or order the input each in its own way.
    @Test(arguments: [false, true])
    func streamsThatReadTheInputDifferentlyAreRefused(isActorCritic: Bool) throws {
        for scale in [0.5, 1] {
            let layers = [
                Model.input("x", "4"), Model.layer("Dense", "v", "", ["x"]),
                Model.layer("Rescaling", "half", #""scale":\#(scale)"#, ["x"]),
                Model.layer("Dense", "a", "", ["half"]), Model.layer("Add", "q", "", ["v", "a"]),
            ]
            let bytes = try Model.model(
                isActorCritic ? Array(layers.dropLast()) : layers, outputs: isActorCritic ? ["a", "v"] : ["q"],
                ["dense": Model.weights([4, 1]), "dense_1": Model.weights([4, 3], 2)])
            if scale == 1 {
                _ = try Model.network(bytes)
            } else {
                #expect(try Forge.failure(bytes).message.contains("scales or orders its input"))
            }
        }
    }

    /// An image and the same elements as a vector, or channels first and last.
    @Test(arguments: [#""data_format":"channels_first""#, nil])
    func streamsThatOrderTheInputDifferentlyAreRefused(format: String?) throws {
        let pool = #""pool_size":1,"strides":1"#
        let other =
            format.map { Model.layer("MaxPooling2D", "other", "\(pool),\($0)", ["x"]) }
            ?? Model.layer("Reshape", "other", #""target_shape":[4,4,4]"#, ["x"])
        let layers = [
            Model.input("x", "4,4,4"), Model.layer("MaxPooling2D", "image", pool, ["x"]),
            Model.layer("Flatten", "f", "", ["image"]), Model.layer("Dense", "v", "", ["f"]), other,
            Model.layer("Reshape", "g", #""target_shape":[64]"#, ["other"]), Model.layer("Dense", "a", "", ["g"]),
            Model.layer("Add", "q", "", ["v", "a"]),
        ]
        let bytes = try Model.model(
            layers, outputs: ["q"], ["dense": Model.weights([64, 1]), "dense_1": Model.weights([64, 3], 2)])
        #expect(try Forge.failure(bytes).message.contains("scales or orders its input"))
    }

    /// A layer of a model within the model has the name of one outside.
    @Test func layersOfInnerModelsHaveTheirOwnWeights() throws {
        var bytes = try Fixture.bytes("keras/nested.h5")
        let (old, new) = (Array("dense_28".utf8), Array("dense_31".utf8))
        var places: [Int] = []
        for place in 0...(bytes.count - old.count) where bytes[place] == old[0] {
            if bytes[place..<(place + old.count)].elementsEqual(old) { places.append(place) }
        }
        try #require(places.count > 2)
        for place in places { bytes.replaceSubrange(place..<(place + new.count), with: new) }
        let expected = try KerasImportTests.policy("nested.h5").network
        let found = try KerasForge.network(bytes)
        #expect(found.parameters == expected.parameters && found.architecture == expected.architecture)
    }

    /// A permutation may exchange rows and columns, which the observation does not say.
    @Test(
        arguments: [
            ("6,5,2", "[1,2,3]", nil), ("2,6,5", "[2,3,1]", nil), ("2,6,5", "[3,2,1]", "axes were exchanged"),
            ("6,5,2", "[2,1,3]", "axes were exchanged"), ("6,5,2", "[3,1,2]", "axes were exchanged"),
        ] as [(String, String, String?)])
    func exchangedRowsAndColumnsAreRefused(shape: String, dims: String, words: String?) throws {
        let layers = [
            Model.input("x", shape), Model.layer("Permute", "p", #""dims":\#(dims)"#, ["x"]),
            Model.layer("Conv2D", "c", #""activation":"relu""#, ["p"]), Model.layer("Flatten", "f", "", ["c"]),
            Model.layer("Dense", "q", "", ["f"]),
        ]
        let bytes = try Model.model(
            layers, outputs: ["q"], ["conv2d": Model.weights([2, 2, 2, 3]), "dense": Model.weights([60, 2], 2)])
        if let words {
            let error = try Forge.failure(bytes)
            #expect(error.message.contains(words) || error.message.contains("channels"), "\(error.message)")
        } else {
            #expect(try Model.network(bytes).architecture.input.shape == [2, 6, 5])
        }
    }

    /// Zeros around rows and columns do not become zeros around other axes.
    @Test func paddingBelongsToItsAxes() throws {
        let layers = [
            Model.input("x", "3,3,3"),
            Model.layer("ZeroPadding2D", "p", #""padding":1,"data_format":"channels_first""#, ["x"]),
            Model.layer("Conv2D", "c", "", ["p"]), Model.layer("Flatten", "f", "", ["c"]),
            Model.layer("Dense", "q", "", ["f"]),
        ]
        let bytes = try Model.model(
            layers, outputs: ["q"], ["conv2d": Model.weights([3, 3, 3, 2]), "dense": Model.weights([18, 2], 2)])
        #expect(try Forge.failure(bytes).message.contains("axes were exchanged"))
    }

    /// The type of the observations, and what they are multiplied by.
    @Test(
        arguments: [
            // What to_keras makes: the type of the input is that of the observations, and a layer scales it, also by 1.
            ("float32", "policy", 1.0, .float32, []), ("uint8", "policy", 1, .uint8, [1]),
            ("float32", "policy", 0.25, .float32, [0.25]), ("uint8", "policy", 0.25, .uint8, [0.25]),
            // Programs for pixels seldom name their type.
            ("float32", "model", nil, .uint8, []), ("uint8", "model", nil, .uint8, []),
            ("float32", "model", 0.03125, .uint8, [0.03125]), ("float32", "model", 1, .float32, []),
            ("uint8", "model", 1, .uint8, [1]),
        ] as [(String, String, Double?, ElementType, [Float])])
    func imagesHaveTheTypeOfTheInput(
        type: String, name: String, scale: Double?, element: ElementType, expected: [Float]
    ) throws {
        let layers = [
            Model.input("observation", "2,3,4", type),
            Model.layer(
                scale == nil ? "Dropout" : "Rescaling", "r", scale.map { #""scale":\#($0)"# } ?? "", ["observation"]),
            Model.layer("Permute", "p", #""dims":[2,3,1]"#, ["r"]), Model.layer("Conv2D", "c", "", ["p"]),
            Model.layer("Flatten", "f", "", ["c"]), Model.layer("Dense", "q", "", ["f"]),
        ]
        let bytes = try Model.model(
            layers, inputs: ["observation"], outputs: ["q"], name: name,
            ["conv2d": Model.weights([2, 2, 2, 3]), "dense": Model.weights([18, 2], 2)])
        let architecture = try Model.network(bytes).architecture
        #expect(architecture.input == ObservationSpace(shape: [2, 3, 4], element: element))
        #expect(architecture.inputScale == expected && architecture.inputOffset.isEmpty)
    }

    @Test func vectorsOfBytesAreNotScaled() throws {
        let bytes = try Model.model(
            [Model.input("x", "4", "uint8"), Model.layer("Dense", "q", "", ["x"])], outputs: ["q"],
            ["dense": Model.weights([4, 2])])
        let architecture = try Model.network(bytes).architecture
        #expect(architecture.input == ObservationSpace(shape: [4], element: .uint8))
        #expect(architecture.inputScale == [1])
    }

    @Test(arguments: [(3, true), (4, true), (9, false)])
    func dilatedKernelsOfAnySizeAreImported(rate: Int, isPossible: Bool) throws {
        let side = 3 * rate
        let layers = [
            Model.input("x", "\(side),\(side),32"),
            Model.layer("Conv2D", "c", #""dilation_rate":\#(rate)"#, ["x"]),
            Model.layer("Flatten", "f", "", ["c"]), Model.layer("Dense", "q", "", ["f"]),
        ]
        let inputs = rate * rate * 64
        let bytes = try Model.model(
            layers, outputs: ["q"], ["conv2d": Model.weights([3, 3, 32, 64]), "dense": Model.weights([inputs, 2])])
        if isPossible {
            let size = 2 * rate + 1
            #expect(try Model.network(bytes).rows[0].shape == [64, 32, size, size])
        } else {
            #expect(try Forge.failure(bytes).message.contains("dilation_rate of \(rate)x\(rate)"))
        }
    }

    /// Names of layers without weights may say more than weights do, in files of Keras 3, too.
    @Test(
        arguments: [
            ("elu", [], "the activation 'elu'"), ("elu_1", ["layers.0.activation=elu"], nil), ("re_lu", [], nil),
            ("dropout", [], nil), ("tanh_2", [], "--activation tanh"), ("leaky_re_lu", [], "settings"),
            ("max_pooling2d", [], "settings"), ("rescaling", [], "settings"), ("rescaling", ["input_scale=1/255"], nil),
            ("lambda", [], "never run"),
        ] as [(String, [String], String?)])
    func namesOfLayersWithoutWeightsAreRead(name: String, map: [String], words: String?) throws {
        let bytes = try KerasForge.file([
            "dense": KerasForge.weights([4, 3]), "dense_1": KerasForge.weights([3, 2]), name: [],
        ])
        if let words {
            #expect(try Forge.failure(bytes).message.contains(words))
        } else {
            let network = try KerasForge.network(bytes, map)
            #expect(network.architecture.layers.map(\.activation) == [name == "elu_1" ? .elu : .relu])
        }
    }

    /// An input of millions of elements has scales of millions of numbers for each layer.
    @Test func scalesOfLargeInputsAreCounted() throws {
        let layers =
            [Model.input("x0", "1048576")]
            + (1...6).map { Model.layer("Rescaling", "x\($0)", #""scale":2"#, ["x\($0 - 1)"]) }
        let bytes = try Model.model(layers, inputs: ["x0"], outputs: ["x6"], [:])
        #expect(try Forge.failure(bytes).message.contains("outputs up to"))
    }
}
