import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation
import Testing

/// The small files of `Fixtures/interchange`, which their own libraries wrote.
enum Fixture {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/interchange")

    static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }
}

@Suite struct ImportTests {
    private struct Expected: Decodable {
        let observations: [[Float]]
        let values: [[Double]]
    }

    private static func policy(_ name: String, _ options: ImportOptions) throws -> ForeignPolicy {
        try ForeignPolicy(contentsOf: Fixture.folder.appending(path: name), options)
    }

    @Test(
        arguments: [
            ("weights.pth", nil, "pytorch"), ("weights-older.pth", nil, "pytorch-older"),
            ("trainer.pt", "tanh", "pytorch"),
            ("weights.safetensors", nil, "safetensors"), ("weights.npz", nil, "numpy"), ("dueling.pth", nil, "pytorch"),
            ("views.pth", nil, "pytorch"), ("stable-baselines3.zip", nil, "stable-baselines3"),
            ("quantiles.zip", nil, "stable-baselines3"),
        ] as [(String, String?, String)])
    func importedNetworksComputeWhatTheirLibrariesDo(name: String, activation: String?, kind: String) throws {
        let expected = try JSONDecoder().decode(
            [String: Expected].self, from: Data(contentsOf: Fixture.folder.appending(path: "expected.json")))
        let options = try ImportOptions(
            environment: "CartPole-v1", activation: activation.flatMap { NetworkArchitecture.Activation(rawValue: $0) })
        let policy = try Self.policy(name, options)
        #expect(policy.kind.rawValue == kind)
        let network = try ReferenceNetwork(policy.network.architecture, policy.network.parameters)
        let cases = try #require(expected[name])
        #expect(!cases.values.isEmpty)
        for (observation, values) in zip(cases.observations, cases.values) {
            let found = network.values(observation)
            #expect(found.count == values.count)
            #expect(zip(found, values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found) \(values)")
        }
    }

    @Test func theCheckpointIsValidAndHoldsTheOrigin() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: url) }
        let policy = try Self.policy("quantiles.zip", ImportOptions(environment: "CartPole-v1"))
        try policy.checkpoint().write(to: url)
        #expect(Verifier.verify(url).failures.isEmpty)
        let stored = try Checkpoint(contentsOf: url)
        #expect(stored.online == policy.network.parameters)
        #expect(stored.architecture == policy.network.architecture)
        #expect(stored.architecture.head == .quantiles(actions: 2, quantiles: 5))
        #expect(stored.counters.agentSteps == 50_176)
        #expect(stored.configuration["discount"] == .number(0.98))
        let origin = try #require(stored.extensions.first { $0.owner == ForeignPolicy.originOwner })
        let digest = try FileDigest.hexadecimal(of: Fixture.bytes("quantiles.zip"))
        #expect(origin.state.values["file_sha256"] == .uint8(Array(digest.utf8)))
        #expect(!origin.mustUnderstand)
    }

    @Test func theTableSaysWhereLayersComeFrom() throws {
        let policy = try Self.policy("trainer.pt", ImportOptions())
        #expect(policy.network.rows.map(\.source) == ["policy_net.0", "policy_net.2"])
        #expect(policy.network.notes.contains { $0.contains("relu is assumed") })
        let chosen = try Self.policy("trainer.pt", ImportOptions(map: ["network=target_net"]))
        #expect(chosen.network.rows.map(\.source) == ["target_net.0", "target_net.2"])
        #expect(chosen.network.parameters != policy.network.parameters)
        let mapped = try Self.policy("weights.pth", ImportOptions(map: ["layers.1.activation=tanh"]))
        #expect(mapped.network.architecture.layers.map(\.activation) == [.relu, .tanh])
        #expect(try Self.policy("stable-baselines3.zip", ImportOptions()).network.notes.isEmpty)
    }

    @Test(
        arguments: [
            ("module.pth", [], "torch.nn.modules.container.Sequential"), ("recurrent.pth", [], "a recurrent layer"),
            ("weights.pth", ["network=actor"], "no tensors below 'actor'"),
            ("weights.pth", ["layers.9.stride=1"], "layers.9"),
            ("weights.pth", ["input=3"], "--map input"), ("weights.pth", ["layers.0.activation=cube"], "cube"),
            ("expected.json", [], "no file that can be imported"), ("missing.pth", [], "cannot be read"),
        ] as [(String, [String], String)])
    func whatCannotBeRepresentedIsNamed(name: String, map: [String], words: String) throws {
        let options = try ImportOptions(map: map)
        let error = try #require(throws: InterchangeError.self) { try Self.policy(name, options) }
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test(arguments: [["network"], ["layers.x.stride=1"], ["input=4", "input=5"]])
    func settingsThatDoNotExistAreRefused(map: [String]) {
        #expect(throws: InterchangeError.self) { try ImportOptions(map: map) }
    }

    @Test func theCheckComparesOutputs() throws {
        let url = Fixture.folder.appending(path: "check.npz")
        let right = try Self.policy("weights.pth", ImportOptions()).agreement(withValuesIn: url)
        #expect(right.isClose && right.observations == 4 && right.equalActions == 4 && right.largestDifference < 1e-5)
        let wrong = try Self.policy("weights.pth", ImportOptions(activation: .tanh)).agreement(withValuesIn: url)
        #expect(!wrong.isClose && wrong.largestDifference > 1e-3)
        let policy = try Self.policy("dueling.pth", ImportOptions())
        let error = try #require(throws: InterchangeError.self) { try policy.agreement(withValuesIn: url) }
        #expect(error.message.contains("the network takes [5]"))
    }

    @Test func aPolicyNeedsAnEnvironment() throws {
        let policy = try Self.policy("weights.pth", ImportOptions())
        let error = try #require(throws: InterchangeError.self) { try policy.checkpoint() }
        #expect(error.message.contains("--env"))
    }
}
