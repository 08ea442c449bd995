import DQNInterchange
import DQNModel
import Testing

/// Layers that a reader may put together in the wrong way, by their names, shapes or settings.
@Suite struct ForgedNetworkTests {
    /// A tensor of a file: its name, shape and values, by default numbers that all differ.
    private typealias Member = (name: String, shape: [Int], values: [Float]?)

    private static func member(_ name: String, _ shape: Int..., values: [Float]? = nil) -> Member {
        (name, shape, values)
    }

    private static func values(_ members: [Member]) -> [[Float]] {
        var first = 0
        return members.map { member in
            let count = member.shape.reduce(1, *)
            first += count
            return member.values ?? (0..<count).map { Float(first - count + $0 + 1) / 64 }
        }
    }

    /// A file of PyTorch, which keeps the order of its members.
    private static func torch(_ members: [Member]) -> [UInt8] {
        let storage = values(members)
        let count = storage.reduce(0) { $0 + $1.count }
        var offset = 0
        return Forge.torch(
            zip(members, storage).map { member, values in
                defer { offset += values.count }
                let strides = member.shape.indices.map { member.shape[($0 + 1)...].reduce(1, *) }
                return (member.name, Forge.tensor(member.shape, strides, offset: offset, of: count))
            }, storage.flatMap { $0 })
    }

    /// A file that keeps only names.
    private static func safetensors(_ members: [Member]) -> [UInt8] {
        var offset = 0
        let header = members.map { member in
            let count = 4 * member.shape.reduce(1, *)
            defer { offset += count }
            return
                "\"\(member.name)\":{\"dtype\":\"F32\",\"shape\":\(member.shape),\"data_offsets\":[\(offset),\(offset + count)]}"
        }
        return Forge.safetensors("{\(header.joined(separator: ","))}", 0) + Forge.bytes(values(members).flatMap { $0 })
    }

    private static func network(_ bytes: [UInt8], _ map: String...) throws -> ImportedNetwork {
        try ForeignPolicy(bytes[...], name: "file", ImportOptions(map: map)).network
    }

    private static func message(_ bytes: [UInt8], _ map: String...) throws -> String {
        let options = try ImportOptions(map: map)
        return try #require(throws: InterchangeError.self) {
            try ForeignPolicy(bytes[...], name: "file", options)
        }.message
    }

    // MARK: Orders and streams

    /// The halves of PFRL's dueling networks are rows of what is stored.
    @Test func halvesAreCutOnlyOfPlainRows() throws {
        let plain = try Self.network(
            Self.torch([Self.member("main_stream.weight", 10, 4), Self.member("main_stream.bias", 10)] + Self.ends))
        // The value's half comes second in the file.
        #expect(plain.parameters.first == Float(21) / 64)
        let statistics = [Self.member("bn.running_mean", 10), Self.member("bn.running_var", 10)]
        let direction = Self.member("main_stream.weight_v", 10, 4)
        for members in [
            [Self.member("main_stream.kernel", 4, 10), Self.member("main_stream.bias", 10)]
                + [Self.member("a_stream.kernel", 5, 3), Self.member("v_stream.kernel", 5, 1)],
            [direction, Self.member("main_stream.weight_g", 10, 1)] + Self.ends,
            [Self.member("main_stream.weight", 10, 4)] + statistics + Self.ends,
        ] {
            #expect(try Self.message(Self.torch(members)).contains("do not follow one another"))
        }
    }

    private static let ends = [member("a_stream.weight", 3, 5), member("v_stream.weight", 1, 5)]

    /// An actor and a critic that fit behind one another are no plain network.
    @Test func namesOfStreamsComeBeforeShapes() throws {
        let members = [
            Self.member("actor.0.weight", 8, 4), Self.member("actor.2.weight", 4, 8),
            Self.member("critic.0.weight", 8, 4), Self.member("critic.2.weight", 1, 8),
        ]
        guard case .actorCritic(4, _) = try Self.network(Self.torch(members)).architecture.head else {
            Issue.record("no actor-critic")
            return
        }
        let dueling = [
            Self.member("value.0.weight", 8, 4), Self.member("value.2.weight", 1, 8),
            Self.member("advantage.0.weight", 1, 4), Self.member("advantage.2.weight", 4, 1),
        ]
        guard case .dueling(4, _) = try Self.network(Self.torch(dueling)).architecture.head else {
            Issue.record("no dueling network")
            return
        }
    }

    @Test func ordersThatShapesDoNotTellAreRefused() throws {
        let square = [Self.member("body.weight", 8, 8), Self.member("fc_in.weight", 8, 8)]
        let row = square + [Self.member("out.weight", 4, 8)]
        let words = "keeps no order of its layers"
        #expect(try Self.network(Self.safetensors(row)).notes.contains { $0.contains(words) })
        #expect(try !Self.network(Self.torch(row)).notes.contains { $0.contains(words) })
        let numbered = [Self.member("fc1.weight", 8, 8), Self.member("fc2.weight", 8, 8)]
        let plain = try Self.network(Self.safetensors(numbered + [Self.member("fc3.weight", 4, 8)]))
        #expect(!plain.notes.contains { $0.contains(words) })
        // The first reads 8 and gives 4 by its name's place, and 4 and 8 by its meaning.
        let turned = [Self.member("action.weight", 4, 8), Self.member("hidden.weight", 8, 4)]
        #expect(try Self.message(Self.safetensors(turned)).contains("several orders"))
        #expect(try Self.network(Self.torch(turned)).architecture.input.shape == [8])
        // In no file's order, and in several others.
        let loops = [
            Self.member("a.weight", 6, 4), Self.member("c.weight", 5, 4), Self.member("b.weight", 4, 6),
            Self.member("d.weight", 4, 5),
        ]
        #expect(try Self.message(Self.torch(loops)).contains("several orders"))
        let single = [Self.member("out.weight", 2, 8), Self.member("b.weight", 8, 8), Self.member("a.weight", 8, 4)]
        #expect(try Self.network(Self.torch(single)).rows.map(\.source) == ["a", "b", "out"])
    }

    // MARK: Settings

    @Test func stridesAreThoseOfConvolutionsAlone() throws {
        let members = [
            Self.member("0.weight", 2, 1, 8, 8), Self.member("1.weight", 2, 8, 8), Self.member("1.bias", 2, 8, 8),
            Self.member("3.weight", 3, 2, 4, 4), Self.member("4.weight", 3, 3, 3), Self.member("4.bias", 3, 3, 3),
            Self.member("6.weight", 5, 3, 3, 3), Self.member("9.weight", 2, 5),
        ]
        let network = try Self.network(Self.torch(members), "input=1x36x36")
        #expect(network.rows.count == 6)
    }

    @Test func ordersOfTheUserComeBeforeNormalisations() throws {
        func statistics(_ count: Int) -> [Member] {
            ["weight", "bias", "running_mean", "running_var"].map { ("1.\($0)", [count], nil) }
        }
        let (first, last) = (Self.member("0.weight", 4, 8), Self.member("2.weight", 2, 8))
        let other = try Self.message(Self.torch([first] + statistics(4) + [last]), "0.transpose=true")
        #expect(other.contains("batch normalisation"), "\(other)")
        let network = try Self.network(Self.torch([first] + statistics(8) + [last]), "0.transpose=true")
        #expect(network.notes.contains { $0.contains("folded into '0'") })
        // A dense layer that takes several elements of a feature is behind convolutions.
        let wide = try Self.message(Self.torch([Self.member("0.weight", 8, 4)] + statistics(4) + [last]))
        #expect(wide.contains("batch normalisation"), "\(wide)")
    }

    @Test func layersOfTheFileMayBeCalledLayers() throws {
        let members = [Self.member("layers.fc1.w", 4, 4), Self.member("layers.4.w", 4, 4)]
        #expect(try Self.message(Self.torch(members)).contains("--map layers.fc1.transpose=true"))
        let network = try Self.network(Self.torch(members), "layers.fc1.transpose=true", "layers.4.transpose=false")
        #expect(network.parameters[0..<2] == [1 / 64, 5 / 64])
        #expect(try Self.message(Self.torch(members), "layers.fc2.transpose=true").contains("no dense layer"))
    }

    /// What a note suggests can be done.
    @Test func activationsOfStreamsCanBeSet() throws {
        let members = ["value", "advantage"].flatMap { stream in
            [
                Self.member("\(stream).fc.weight", 8, 4), Self.member("\(stream).norm.weight", 8),
                Self.member("\(stream).norm.bias", 8),
                Self.member("\(stream).out.weight", stream == "value" ? 1 : 3, 8),
            ]
        }
        let file = Self.torch(members)
        let note = "--map value.layers.0.activation=relu"
        #expect(try Self.network(file).notes.contains { $0.contains(note) })
        let network = try Self.network(file, "value.layers.0.activation=relu")
        #expect(!network.notes.contains { $0.contains(note) })
        guard case .dueling(3, let streams?) = network.architecture.head else {
            Issue.record("no dueling network")
            return
        }
        #expect(streams.value.first == .dense(units: 8, activation: .relu))
        #expect(streams.advantage.first == .dense(units: 8, activation: .identity))
        for key in ["value.layers.2", "policy.layers.0", "layers.0"] {
            #expect(try Self.message(file, "\(key).activation=relu").contains("a layer that the network lacks"))
        }
        let onnx = try Fixture.bytes("../foreign/onnx.onnx")
        #expect(try Self.message(onnx, "value.layers.0.activation=relu").contains("leave it out"))
    }

    // MARK: Normalisations

    @Test func magnitudesOfColumnsAreRefused() throws {
        func file(_ rows: Int, _ columns: Int) -> [UInt8] {
            Self.torch([
                Self.member("fc.weight_v", 4, 4), Self.member("fc.weight_g", rows, columns),
                Self.member("out.weight", 2, 4),
            ])
        }
        #expect(try Self.network(file(4, 1)).parameters.count == 30)
        #expect(try Self.message(file(1, 4)).contains("weight_magnitude of [1, 4]"))
    }

    /// Pictures are flattened with their channels last where kernels have them last.
    @Test func normalisationsOfFlattenedPicturesFollowTheirOrder() throws {
        let ones = [Float](repeating: 1, count: 8)
        let members = [
            Self.member("0.kernel", 1, 1, 1, 2), Self.member("2.weight", 2, values: [2, 3]),
            Self.member("2.bias", 2, values: [0, 0]), Self.member("2.running_mean", 2, values: [0, 0]),
            Self.member("2.running_var", 2, values: [1, 1]), Self.member("3.kernel", 4, 2, values: ones),
        ]
        let network = try Self.network(Self.torch(members), "input=1x1x2", "layers.0.stride=1")
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
        let weights = Self.torch([Self.member("q_net.q_net.0.weight", 2, 400)])
        let archive = Forge.archive([
            .init(name: "data", contents: Array(data.utf8)), .init(name: "policy.pth", contents: weights),
        ])
        let network = try Self.network(archive)
        #expect(network.architecture.input.shape == (isImage ? [4, 10, 10] : [10, 10, 4]))
        #expect(network.architecture.inputScale == (isImage ? [] : [1]))
    }
}
