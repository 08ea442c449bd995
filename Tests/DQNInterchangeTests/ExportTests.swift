import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation
import Testing

@Suite struct ExportTests {
    /// The golden files of all versions, with every kind of network, and a policy of Pong.
    static let files: [URL] =
        ["1.0", "1.1", "2.0", "2.1"].flatMap { version in
            let folder = Fixture.folder.deletingLastPathComponent().appending(path: "checkpoints/\(version)")
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.sorted().filter { $0.hasSuffix(".h5") }.map { folder.appending(path: $0) }
        } + [Fixture.folder.deletingLastPathComponent().appending(path: "zoo/pong.h5")]

    private static func imported(
        _ contents: Data, _ options: ImportOptions
    ) throws -> ForeignPolicy { try ForeignPolicy(Array(contents)[...], name: "policy", options) }

    @Test func everyCheckpointComesBackExactly() throws {
        #expect(Self.files.count > 20)
        var heads: Set<String> = []
        for url in Self.files {
            let original = try Checkpoint(contentsOf: url).stripped(allButPolicy: true)
            let export = try PolicyExport(contentsOf: url)
            heads.insert("\(original.architecture.head)".prefix { $0 != "(" }.description)
            for format in PolicyExport.Format.allCases {
                let contents = try export.contents(format)
                let policy = try Self.imported(contents, ImportOptions())
                let copy = try policy.checkpoint()
                let words = "\(url.lastPathComponent) as \(format)"
                #expect(copy.online.map(\.bitPattern) == original.online.map(\.bitPattern), "\(words)")
                #expect(copy.architecture == original.architecture, "\(words)")
                #expect(copy.configuration == original.configuration, "\(words)")
                #expect(copy.counters == original.counters && copy.writer == original.writer, "\(words)")
                #expect(copy.evaluation == original.evaluation, "\(words)")
                #expect(copy.bestEvaluation == original.bestEvaluation, "\(words)")
                #expect(copy.reachedTarget == original.reachedTarget && copy.stripped == original.stripped, "\(words)")
                // The same policy has the same bytes again.
                #expect(
                    try PolicyExport(original, digest: export.document.checkpointDigest).contents(format) == contents)
            }
        }
        #expect(heads.count == 4, "\(heads)")
    }

    @Test func theOriginOfAnImportedPolicyIsKept() throws {
        let first = try ForeignPolicy(
            contentsOf: Fixture.folder.appending(path: "weights.pth"), ImportOptions(environment: "CartPole-v1"))
        var checkpoint = try first.checkpoint()
        for _ in 0..<2 {
            let contents = try PolicyExport(checkpoint, digest: "d").contents(.safetensors)
            checkpoint = try Self.imported(contents, ImportOptions()).checkpoint()
            let origin = try #require(checkpoint.extensions.first).state.values
            #expect(origin["first_file_sha256"] == .uint8(Array(first.digest.utf8)))
            #expect(origin["first_file_kind"] == .uint8(Array("pytorch".utf8)))
            #expect(origin["file_kind"] == .uint8(Array("safetensors".utf8)))
            #expect(origin["checkpoint_sha256"] == .uint8(Array("d".utf8)))
        }
        #expect(checkpoint.online == first.network.parameters)
        let strip = checkpoint.stripped(allButPolicy: true)
        #expect(strip.extensions == checkpoint.extensions)
        let other = try Self.imported(
            try PolicyExport(checkpoint, digest: "d").contents(.numPy), ImportOptions(environment: "Acrobot-v1"))
        #expect(try other.checkpoint().configuration["environment"] == .string("Acrobot-v1"))
    }

    /// Under the name of a game that other libraries use, too.
    @Test func anExportedPolicyOfAGamePlaysTheGameThatIsNamed() throws {
        let url = try #require(Self.files.last)
        let own = try Checkpoint(contentsOf: url).configuration
        let contents = try PolicyExport(contentsOf: url).contents(.safetensors)
        let games = [
            ("PongNoFrameskip-v4", "gym:PongNoFrameskip-v4?obs_type=grayscale"),
            ("ALE/Breakout-v5", "gym:ALE/Breakout-v5?frameskip=1,obs_type=grayscale"),
        ]
        for (name, environment) in games {
            let copy = try Self.imported(contents, ImportOptions(environment: name)).checkpoint()
            #expect(copy.configuration["environment"] == .string(environment))
            #expect(copy.configuration["wrappers"] == own["wrappers"])
        }
    }

    private static func sample() throws -> PolicyExport {
        let url = try #require(files.first { $0.path.hasSuffix("2.1/method-dqn.h5") })
        return try PolicyExport(contentsOf: url)
    }

    @Test func settingsThatWouldChangeADescribedNetworkAreRefused() throws {
        let contents = try Self.sample().contents(.safetensors)
        for options in [
            try ImportOptions(activation: .tanh), try ImportOptions(map: ["layers.0.activation=tanh"]),
            try ImportOptions(map: ["frame_stack=2"]),
        ] {
            let error = try #require(throws: InterchangeError.self) { try Self.imported(contents, options) }
            #expect(error.message.contains("describes its own network"), "\(error.message)")
        }
    }

    /// Models that the Python package has made become the checkpoint again.
    @Test(arguments: [
        "2.1-method-dqn", "1.1-method-a3c", "2.1-sample-dueling-streams", "2.1-sample-layers", "1.1-method-dqn",
        "2.1-sample-pixels", "2.1-sample-actor-critic-streams", "2.1-sample-dueling",
    ])
    func modelsOfOtherLibrariesComeBackExactly(name: String) throws {
        let url = try #require(Self.files.first { $0.path.hasSuffix("\(name.replacing("1-", with: "1/")).h5") })
        let original = try Checkpoint(contentsOf: url).stripped(allButPolicy: true)
        for (ending, kind) in [("zip", ForeignPolicy.Kind.stableBaselines), ("keras", .keras)] {
            let file = Fixture.folder.appending(path: "own/\(name).\(ending)")
            let policy = try ForeignPolicy(contentsOf: file, ImportOptions())
            #expect(policy.kind == kind && policy.network.notes.isEmpty, "\(policy.network.notes)")
            let copy = try policy.checkpoint()
            #expect(copy.online.map(\.bitPattern) == original.online.map(\.bitPattern), "\(ending)")
            #expect(copy.architecture == original.architecture && copy.configuration == original.configuration)
            #expect(copy.counters == original.counters && copy.writer == original.writer)
            #expect(copy.evaluation == original.evaluation && copy.bestEvaluation == original.bestEvaluation)
        }
    }

    @Test(arguments: ["zip", "keras"]) func modelsThatWereTrainedFurtherLoseTheirEvaluations(ending: String) throws {
        let trained = try ForeignPolicy(
            contentsOf: Fixture.folder.appending(path: "own/trained-2.1-method-dqn.\(ending)"), ImportOptions())
        #expect(trained.network.notes.contains { $0.contains("have changed") })
        let url = try #require(Self.files.first { $0.path.hasSuffix("2.1/method-dqn.h5") })
        let original = try Checkpoint(contentsOf: url)
        let copy = try trained.checkpoint()
        #expect(copy.architecture == original.architecture && copy.configuration == original.configuration)
        #expect(copy.online != original.online && copy.evaluation == nil && copy.bestEvaluation == nil)
        guard ending == "zip" else { return }
        // The layers that both outputs shared are two now.
        let apart = Fixture.folder.appending(path: "own/trained-1.1-method-a3c.zip")
        let outcome = Result { try ForeignPolicy(contentsOf: apart, ImportOptions(environment: "CartPole-v1")) }
        if case .success(let policy) = outcome {
            #expect(policy.network.architecture.head != original.architecture.head)
        }
    }

    /// Replaces a text in the header of a safetensors file, and its length.
    private static func changed(_ contents: Data, _ old: String, _ new: String) throws -> Data {
        let count = contents.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = String(decoding: contents[8..<(8 + count)], as: UTF8.self)
        #expect(header.contains(old), "\(old)")
        let bytes = Data(header.replacing(old, with: new).utf8)
        return withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Data($0) } + bytes + contents[(8 + count)...]
    }

    @Test(
        arguments: [
            (#"\"units\":8"#, #"\"units\":9"#, "its description needs"),
            (#"\"units\":8"#, #"\"units\":-8"#, "units"),
            (#"\"units\":8"#, #"\"units\":16777217"#, "units"),
            (#"\"units\":8"#, #"\"units\":8,\"rate\":2"#, "rate"),
            (#"\"format_version\":\"2.1\""#, #"\"format_version\":\"9.9\""#, "9.9"),
            (#"\"format_version\":\"2.1\""#, #"\"format_version\":2"#, "version"),
            (#"\"type\":\"action_values\""#, #"\"type\":\"dueling\""#, "lacks"),
            (#"\"agent_steps\":"#, #"\"agent_steps\":-1,\"x\":"#, "counter"),
            (#"\"frame_stack\":1"#, #"\"frame_stack\":0"#, "frame_stack"),
            (#"\"environment\":\"CartPole-v1\""#, #"\"environment\":7"#, "environment"),
            (#""head.bias""#, #""head.bias2""#, "lacks 'head.bias'"),
            (#"\"element\":\"float32\""#, #"\"element\":\"uint8\""#, "input_scale"),
        ])
    func changedDescriptionsAreRefused(old: String, new: String, words: String) throws {
        let contents = try Self.changed(try Self.sample().contents(.safetensors), old, new)
        let error = try #require(throws: InterchangeError.self) { try Self.imported(contents, ImportOptions()) }
        #expect(error.message.contains(words) && error.code != .missing, "\(error.message)")
    }

    @Test func withoutADescriptionTheLayersAreFound() throws {
        let export = try Self.sample()
        let contents = try Self.changed(
            try export.contents(.safetensors), #""__metadata__":{"swift_dqn""#, #""__metadata__":{"other""#)
        let policy = try Self.imported(contents, ImportOptions())
        #expect(policy.network.architecture == export.architecture)
        #expect(policy.network.parameters == export.parameters)
        #expect(throws: InterchangeError.self) { try policy.checkpoint() }
    }

    @Test func modulesOfPyTorchHaveNamesThatPythonImports() throws {
        for (weights, name) in [
            ("cart-pole.safetensors", "cart_pole.py"), ("1.safetensors", "policy_1.py"),
            ("torch.safetensors", "torch_policy.py"), (".safetensors", "policy_.py"), ("été.SAFETENSORS", "_t_.py"),
            ("a.b", "a_b.py"), ("if.safetensors", "if_policy.py"), ("random.safetensors", "random_policy.py"),
        ] { #expect(PolicyExport.torchModuleName(besides: weights) == name) }
    }

    /// A configuration may come from a stranger; its texts must not become statements.
    @Test func textsStayTextsInModules() throws {
        let url = try #require(Self.files.last)
        var checkpoint = try Checkpoint(policyOf: url)
        checkpoint.configuration = .object([
            "environment": .string("a\"\n'''\\\u{2028}é\"\"\"; import os"), "frame_stack": .integer(4),
        ])
        let text = try PolicyExport(checkpoint, digest: "").torchModule(weights: "\"\"\"\n.safetensors")
        #expect(text.contains(#"environment = "a\U00000022\U0000000a'''\U0000005c\U00002028\U000000e9"#))
        #expect(text.contains(#"WEIGHTS = "\U00000022\U00000022\U00000022\U0000000a.safetensors""#))
        #expect(text.unicodeScalars.allSatisfy { $0.isASCII && ($0.value >= 0x20 || $0 == "\n") })
        #expect(text.contains("class Frames") && text.contains("nn.Conv2d(4, 16, 8, stride=4)"))
    }
}
