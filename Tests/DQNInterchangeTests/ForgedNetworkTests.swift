import DQNInterchange
import DQNModel
import Testing

/// Layers that a reader may put together in the wrong way, by their names, shapes or settings.
@Suite struct ForgedNetworkTests {
    private typealias Model = NetworkForge
    private typealias Member = NetworkForge.Member

    // MARK: Orders and streams

    /// The halves of PFRL's dueling networks are rows of what is stored.
    @Test func halvesAreCutOnlyOfPlainRows() throws {
        let plain = try Model.network(
            Model.torch([Model.member("main_stream.weight", 10, 4), Model.member("main_stream.bias", 10)] + Self.ends))
        // The value's half comes second in the file.
        #expect(plain.parameters.first == Float(21) / 64)
        let statistics = [Model.member("bn.running_mean", 10), Model.member("bn.running_var", 10)]
        let direction = Model.member("main_stream.weight_v", 10, 4)
        for members in [
            [Model.member("main_stream.kernel", 4, 10), Model.member("main_stream.bias", 10)]
                + [Model.member("a_stream.kernel", 5, 3), Model.member("v_stream.kernel", 5, 1)],
            [direction, Model.member("main_stream.weight_g", 10, 1)] + Self.ends,
            [Model.member("main_stream.weight", 10, 4)] + statistics + Self.ends,
        ] {
            #expect(try Model.message(Model.torch(members)).contains("do not follow one another"))
        }
    }

    private static let ends = [Model.member("a_stream.weight", 3, 5), Model.member("v_stream.weight", 1, 5)]

    /// An actor and a critic that fit behind one another are no plain network.
    @Test func namesOfStreamsComeBeforeShapes() throws {
        let members = [
            Model.member("actor.0.weight", 8, 4), Model.member("actor.2.weight", 4, 8),
            Model.member("critic.0.weight", 8, 4), Model.member("critic.2.weight", 1, 8),
        ]
        guard case .actorCritic(4, _) = try Model.network(Model.torch(members)).architecture.head else {
            Issue.record("no actor-critic")
            return
        }
        let dueling = [
            Model.member("value.0.weight", 8, 4), Model.member("value.2.weight", 1, 8),
            Model.member("advantage.0.weight", 1, 4), Model.member("advantage.2.weight", 4, 1),
        ]
        guard case .dueling(4, _) = try Model.network(Model.torch(dueling)).architecture.head else {
            Issue.record("no dueling network")
            return
        }
    }

    @Test func ordersThatShapesDoNotTellAreRefused() throws {
        let square = [Model.member("body.weight", 8, 8), Model.member("fc_in.weight", 8, 8)]
        let row = square + [Model.member("out.weight", 4, 8)]
        let words = "keeps no order of its layers"
        #expect(try Model.network(Model.safetensors(row)).notes.contains { $0.contains(words) })
        #expect(try !Model.network(Model.torch(row)).notes.contains { $0.contains(words) })
        let numbered = [Model.member("fc1.weight", 8, 8), Model.member("fc2.weight", 8, 8)]
        let plain = try Model.network(Model.safetensors(numbered + [Model.member("fc3.weight", 4, 8)]))
        #expect(!plain.notes.contains { $0.contains(words) })
        // The first reads 8 and gives 4 by its name's place, and 4 and 8 by its meaning.
        let turned = [Model.member("action.weight", 4, 8), Model.member("hidden.weight", 8, 4)]
        #expect(try Model.message(Model.safetensors(turned)).contains("several orders"))
        #expect(try Model.network(Model.torch(turned)).architecture.input.shape == [8])
        // In no file's order, and in several others.
        let loops = [
            Model.member("a.weight", 6, 4), Model.member("c.weight", 5, 4), Model.member("b.weight", 4, 6),
            Model.member("d.weight", 4, 5),
        ]
        #expect(try Model.message(Model.torch(loops)).contains("several orders"))
        let single = [Model.member("out.weight", 2, 8), Model.member("b.weight", 8, 8), Model.member("a.weight", 8, 4)]
        #expect(try Model.network(Model.torch(single)).rows.map(\.source) == ["a", "b", "out"])
    }

    // MARK: Settings

    @Test func stridesAreThoseOfConvolutionsAlone() throws {
        let members = [
            Model.member("0.weight", 2, 1, 8, 8), Model.member("1.weight", 2, 8, 8), Model.member("1.bias", 2, 8, 8),
            Model.member("3.weight", 3, 2, 4, 4), Model.member("4.weight", 3, 3, 3), Model.member("4.bias", 3, 3, 3),
            Model.member("6.weight", 5, 3, 3, 3), Model.member("9.weight", 2, 5),
        ]
        let network = try Model.network(Model.torch(members), "input=1x36x36")
        #expect(network.rows.count == 6)
    }

    @Test func ordersOfTheUserComeBeforeNormalisations() throws {
        func statistics(_ count: Int) -> [Member] {
            ["weight", "bias", "running_mean", "running_var"].map { ("1.\($0)", [count], nil) }
        }
        let (first, last) = (Model.member("0.weight", 4, 8), Model.member("2.weight", 2, 8))
        let other = try Model.message(Model.torch([first] + statistics(4) + [last]), "0.transpose=true")
        #expect(other.contains("batch normalisation"), "\(other)")
        let network = try Model.network(Model.torch([first] + statistics(8) + [last]), "0.transpose=true")
        #expect(network.notes.contains { $0.contains("folded into '0'") })
        // A dense layer that takes several elements of a feature is behind convolutions.
        let wide = try Model.message(Model.torch([Model.member("0.weight", 8, 4)] + statistics(4) + [last]))
        #expect(wide.contains("batch normalisation"), "\(wide)")
    }

    @Test func layersOfTheFileMayBeCalledLayers() throws {
        let members = [Model.member("layers.fc1.w", 4, 4), Model.member("layers.4.w", 4, 4)]
        #expect(try Model.message(Model.torch(members)).contains("--map layers.fc1.transpose=true"))
        let network = try Model.network(Model.torch(members), "layers.fc1.transpose=true", "layers.4.transpose=false")
        #expect(network.parameters[0..<2] == [1 / 64, 5 / 64])
        #expect(try Model.message(Model.torch(members), "layers.fc2.transpose=true").contains("no dense layer"))
    }

    /// What a note suggests can be done.
    @Test func activationsOfStreamsCanBeSet() throws {
        let members = ["value", "advantage"].flatMap { stream in
            [
                Model.member("\(stream).fc.weight", 8, 4), Model.member("\(stream).norm.weight", 8),
                Model.member("\(stream).norm.bias", 8),
                Model.member("\(stream).out.weight", stream == "value" ? 1 : 3, 8),
            ]
        }
        let file = Model.torch(members)
        let note = "--map value.layers.0.activation=relu"
        #expect(try Model.network(file).notes.contains { $0.contains(note) })
        let network = try Model.network(file, "value.layers.0.activation=relu")
        #expect(!network.notes.contains { $0.contains(note) })
        guard case .dueling(3, let streams?) = network.architecture.head else {
            Issue.record("no dueling network")
            return
        }
        #expect(streams.value.first == .dense(units: 8, activation: .relu))
        #expect(streams.advantage.first == .dense(units: 8, activation: .identity))
        for key in ["value.layers.2", "policy.layers.0", "layers.0"] {
            #expect(try Model.message(file, "\(key).activation=relu").contains("a layer that the network lacks"))
        }
        let onnx = try Fixture.bytes("../foreign/onnx.onnx")
        #expect(try Model.message(onnx, "value.layers.0.activation=relu").contains("leave it out"))
    }

    // MARK: Normalisations

    @Test func magnitudesOfColumnsAreRefused() throws {
        func file(_ rows: Int, _ columns: Int) -> [UInt8] {
            Model.torch([
                Model.member("fc.weight_v", 4, 4), Model.member("fc.weight_g", rows, columns),
                Model.member("out.weight", 2, 4),
            ])
        }
        #expect(try Model.network(file(4, 1)).parameters.count == 30)
        #expect(try Model.message(file(1, 4)).contains("weight_magnitude of [1, 4]"))
    }

    /// Pictures are flattened with their channels last where kernels have them last.
    @Test func normalisationsOfFlattenedPicturesFollowTheirOrder() throws {
        let ones = [Float](repeating: 1, count: 8)
        let members = [
            Model.member("0.kernel", 1, 1, 1, 2), Model.member("2.weight", 2, values: [2, 3]),
            Model.member("2.bias", 2, values: [0, 0]), Model.member("2.running_mean", 2, values: [0, 0]),
            Model.member("2.running_var", 2, values: [1, 1]), Model.member("3.kernel", 4, 2, values: ones),
        ]
        let network = try Model.network(Model.torch(members), "input=1x1x2", "layers.0.stride=1")
        // Two weights and two biases of the convolution come first; channels are outermost here.
        #expect(network.parameters[4..<8].map { $0.rounded() } == [2, 2, 3, 3])
    }

    // MARK: Stable-Baselines3

    @Test(
        arguments: [
            (#""low_repr":"0","high_repr":"255""#, true), (#""low_repr":"0","high_repr":"1""#, false),
            (#""low_repr":"1","high_repr":"255""#, false),
            (##""low":"[[[0 0 ... 0]]\n\n [[0 0]]]","high":"[[[255 ... 255]]]""##, true),
            (##""low":"[[[0 0 ... 0]]]","high":"[[[255 ... 254]]]""##, false),
        ])
    func onlyBytesOfTheWholeRangeAreImages(bounds: String, isImage: Bool) throws {
        let space = #"{"dtype":"uint8","_shape":[10,10,4],\#(bounds)}"#
        let data = #"{"policy_class":{"__module__":"stable_baselines3.dqn.policies"},"observation_space":\#(space)}"#
        let weights = Model.torch([Model.member("q_net.q_net.0.weight", 2, 400)])
        let archive = Forge.archive([
            .init(name: "data", contents: Array(data.utf8)), .init(name: "policy.pth", contents: weights),
        ])
        let network = try Model.network(archive)
        #expect(network.architecture.input.shape == (isImage ? [4, 10, 10] : [10, 10, 4]))
        #expect(network.architecture.inputScale == (isImage ? [] : [1]))
    }
}
