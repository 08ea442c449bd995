import DQNInterchange
import DQNModel
import Testing

/// How programs that people publish name their networks, what they store beside them, and what is no network at all.
@Suite struct PublishedNetworkTests {
    private typealias Model = NetworkForge

    // MARK: Names

    @Test(
        arguments: [
            ("_q_func", "_targ_q_func"), ("q", "q_next"), ("net", "net_tar"), ("Q", "Q_hat"),
            ("dqn_train", "dqn_fixed"),
            ("critic_1", "critic_1_prime"), ("behaviour", "delayed_net"),
        ])
    func targetsAreLeftOut(name: String, target: String) throws {
        for prefixes in [[name, target], [target, name]] {
            let members = prefixes.flatMap {
                [Model.member("\($0).0.weight", 3, 4), Model.member("\($0).2.weight", 2, 3)]
            }
            let network = try Model.network(Model.torch(members))
            #expect(network.rows.map(\.source) == ["\(name).0", "\(name).2"])
        }
    }

    @Test func networksThatOnlyDifferInNumbersAreAskedFor() throws {
        let members = ["q1", "q2"].flatMap {
            [Model.member("\($0).0.weight", 3, 4), Model.member("\($0).2.weight", 2, 3)]
        }
        #expect(try Model.message(Model.torch(members)).contains("2 networks: q1, q2"))
    }

    /// RLlib's value has layers of its own, and those of the policy are called hidden ones.
    @Test func hiddenLayersMayBeThoseOfThePolicyAlone() throws {
        let members = [
            Model.member("_hidden_layers.0._model.0.weight", 6, 4),
            Model.member("_hidden_layers.1._model.0.weight", 5, 6),
            Model.member("_value_branch_separate.0._model.0.weight", 7, 4),
            Model.member("_logits._model.0.weight", 3, 5),
            Model.member("_value_branch._model.0.weight", 1, 7),
        ]
        guard case .actorCritic(3, let streams?) = try Model.network(Model.torch(members)).architecture.head else {
            Issue.record("no actor-critic")
            return
        }
        #expect(streams.policy.count == 2 && streams.value.count == 1)
    }

    @Test func noiseIsNoLayer() throws {
        let members = [
            Model.member("fc.weight_mu", 3, 4), Model.member("fc.weight_eps", 3, 4), Model.member("fc.bias_mu", 3),
            Model.member("fc.bias_noise", 3), Model.member("out.weight", 2, 3),
        ]
        let network = try Model.network(Model.torch(members))
        #expect(network.parameters.count == 23 && network.notes.contains { $0.contains("mean weights") })
    }

    @Test func continuousActionsAreNamed() throws {
        for name in ["log_std", "actor_logstd", "pi.log_std"] {
            let members = [
                Model.member("actor.0.weight", 3, 4), Model.member("actor.2.weight", 2, 3), Model.member(name, 1, 2),
                Model.member("critic.0.weight", 1, 4),
            ]
            #expect(try Model.message(Model.torch(members)).contains("continuous actions"), "\(name)")
        }
    }

    // MARK: Layers

    /// A table has a row for each state; environments give a state as one unit among others.
    @Test func tablesOfStatesAreLayers() throws {
        let rest = [
            Model.member("l1.weight", 4, 3), Model.member("l1.bias", 4), Model.member("l2.weight", 2, 4),
            Model.member("l2.bias", 2),
        ]
        for (name, shape) in [("emb.weight", [5, 3]), ("Embed_0.embedding", [5, 3])] {
            let network = try Model.network(Model.torch([(name, shape, nil)] + rest))
            #expect(network.architecture.input.shape == [5])
            #expect(network.architecture.layers.map(\.activation) == [.identity, .relu])
            #expect(network.parameters.prefix(5).map { $0 * 64 } == [1, 4, 7, 10, 13])
            #expect(network.notes.contains { $0.contains("embedding of 5 numbers") })
        }
        // Somebody's linear layer of that name.
        let linear = [Model.member("emb.weight", 3, 5)] + rest
        let network = try Model.network(Model.torch(linear), "emb.transpose=false")
        #expect(network.architecture.layers.map(\.activation) == [.relu, .relu])
    }

    @Test func outputsMayBeQuantiles() throws {
        let plain = Model.torch([Model.member("0.weight", 4, 4), Model.member("2.weight", 6, 4)])
        let network = try Model.network(plain, "quantiles=3")
        #expect(network.architecture.head == .quantiles(actions: 2, quantiles: 3))
        #expect(network.parameters[20] * 64 == 17)
        #expect(try Model.message(plain, "quantiles=4").contains("6 outputs for 4 quantiles"))
        #expect(try Model.message(plain, "quantiles=1").contains("from 2 to 65536"))
        let dueling = Model.torch([
            Model.member("fc.weight", 4, 4), Model.member("value.weight", 1, 4), Model.member("advantage.weight", 3, 4),
        ])
        #expect(try Model.message(dueling, "quantiles=3").contains("two streams"))
        for name in ["quantiles.zip", "../foreign/onnx.onnx", "keras/chain.keras"] {
            let message = try Model.message(try Fixture.bytes(name), "quantiles=3")
            #expect(message.contains("quantiles") && message.contains("leave it out"), "\(message)")
        }
    }

    // MARK: Pickles

    private static let maker = Forge.name("torch._utils\n_rebuild_tensor_v2")
    private static let storage: [Float] = (0..<8).map { Float($0) }

    private static func file(_ tensor: [UInt8]) -> [UInt8] { Forge.torch([("fc.weight", tensor)], storage) }

    /// Parameters and tensors that somebody has given attributes.
    @Test func tensorsMayHaveAttributes() throws {
        let tensor = Forge.tensor([2, 4], [4, 1], of: 8)
        let arguments = Array(tensor.dropFirst(Self.maker.count).dropLast())
        let call: [UInt8] = Array("R".utf8)
        let empty: [UInt8] = Array("}".utf8)
        let hooks: [UInt8] = Forge.name("collections\nOrderedDict") + Array(")R".utf8)
        let state: [UInt8] = Forge.tuple([tensor, [0x88], hooks, empty])
        let parameter: [UInt8] = Forge.name("torch._utils\n_rebuild_parameter_with_state") + state + call
        func typed(_ maker: [UInt8]) -> [UInt8] {
            let items: [UInt8] = Forge.tuple([maker, Forge.name("torch\nTensor"), arguments, empty])
            return Forge.name("torch._tensor\n_rebuild_from_type_v2") + items + call
        }
        for tensor in [tensor, parameter, typed(Self.maker)] {
            #expect(try Model.network(Self.file(tensor)).parameters == Self.storage + [0, 0])
        }
        for other in ["collections\nOrderedDict", "torch._tensor\n_rebuild_from_type_v2", "torch\nTensor"] {
            #expect(
                try Model.message(Self.file(typed(Forge.name(other)))).contains("_rebuild_from_type_v2"), "\(other)")
        }
        #expect(try Model.message(Self.file(typed(Forge.name("os\nsystem")))).contains("'os.system'"))
    }

    // MARK: Other files

    private static func unreadable(_ bytes: [UInt8], _ name: String = "file") throws -> InterchangeError {
        try #require(throws: InterchangeError.self) { try ForeignPolicy(bytes[...], name: name, ImportOptions()) }
    }

    @Test(
        arguments: [
            (Forge.array("<f4", "(1,)", [0, 0, 0, 0]), "a NumPy array", "numpy.savez"),
            ([0x80, 4, 0x7D, 0x2E], "a Python pickle", "torch.save"),
            ([0x81, 0xA6] + Array("params".utf8) + [0x80], "MessagePack", "numpy.savez"),
            ([28, 0, 0, 0] + Array("TFL3".utf8), "TensorFlow Lite", "tf2onnx"),
            ([0x1F, 0x8B, 8, 0], "compressed with gzip", "unpack"),
            (Array("<!DOCTYPE html>".utf8), "a web page", "itself"),
            (Array(#"{"class_name": "Sequential"}"#.utf8), "a JSON document", "no weights"),
            (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "Git LFS", "fetch"),
            (Array("weights".utf8), "a text file", "are supported"), ([], "an empty file", "are supported"),
            ([UInt8](repeating: 7, count: 100), "no file that can be imported", "are supported"),
        ] as [([UInt8], String, String)])
    func otherFilesAreNamed(bytes: [UInt8], words: String, remedy: String) throws {
        let error = try Self.unreadable(bytes)
        #expect(error.code == .notRepresentable && error.message.contains("no file that can be imported"))
        #expect(error.message.contains(words) && error.message.contains(remedy), "\(error.message)")
    }

    @Test(arguments: ["ckpt.data-00000-of-00001", "saved_model.pb", "ckpt-12.meta"])
    func filesOfTensorFlowAreNamed(name: String) throws {
        let error = try Self.unreadable([8, 1, 0x12, 2, 0x0A, 0], name)
        #expect(error.message.contains("TensorFlow") && error.message.contains("model.save("), "\(error.message)")
        let index = [UInt8](repeating: 0, count: 40) + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
        #expect(try Self.unreadable(index).message.contains("the index of a checkpoint of TensorFlow"))
    }

    // MARK: Searches

    /// Layers that fit together in many ways, and never all of them, in many groups.
    @Test func searchesEnd() throws {
        let pairs = (0..<15).map { (4 + $0 / 4, 4 + $0 % 4) } + [(9, 11)]
        let members = (0..<60).flatMap { group in
            pairs.enumerated().map { Model.member("g\(group).l\($0.offset).weight", $0.element.0, $0.element.1) }
        }
        let file = Model.torch(members)
        #expect(try Model.message(file).contains("the search for a network was stopped"))
        #expect(try Model.message(file, "network=g3").contains("do not follow one another"))
    }

    @Test func namesOfListsHaveFewParts() throws {
        let tensor = Forge.tensor([2, 4], [4, 1], of: 8)
        let list = Array("]".utf8) + tensor + Array("a".utf8) + tensor + Array("a".utf8)
        let name = String(repeating: "a.", count: 100)
        let error = try Forge.failure(Forge.torch([(name, list)], Self.storage))
        #expect(error.message.contains("names within one another"), "\(error.message)")
    }
}
