import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation
import Testing

@Suite struct KerasImportTests {
    private struct Expected: Decodable {
        let observations: [[Float]]
        let values: [[Double]]
    }

    private static func expected() throws -> [String: Expected] {
        try JSONDecoder().decode(
            [String: Expected].self, from: Data(contentsOf: Fixture.folder.appending(path: "keras/expected.json")))
    }

    static func policy(_ name: String, _ map: [String] = []) throws -> ForeignPolicy {
        try ForeignPolicy(contentsOf: Fixture.folder.appending(path: "keras/\(name)"), try ImportOptions(map: map))
    }

    @Test(
        arguments: [
            ("chain.keras", []), ("chain.h5", []), ("plain.weights.h5", []), ("keras2.h5", []), ("keras2.keras", []),
            ("keras2-weights.h5", []), ("split.h5", []), ("normalized.keras", []), ("normalized.h5", []),
            ("images.keras", []), ("frames.h5", []), ("mnih.weights.h5", ["input=2x40x36"]), ("dueling.keras", []),
            ("dueling.h5", []), ("lambda.h5", ["head=dueling"]), ("dqn_CartPole-v0_weights.h5f", []),
            ("keras-rl.h5", ["head=dueling"]), ("masked.h5", ["input_scale=0.25"]), ("nested.keras", []),
            ("nested.h5", []), ("actor-critic.keras", []), ("own.keras", []), ("lambda-weights.h5", ["head=dueling"]),
            ("sum.keras", []), ("sum.h5", []),
        ] as [(String, [String])])
    func importedModelsComputeWhatKerasDoes(name: String, map: [String]) throws {
        let cases = try #require(try Self.expected()[name])
        let policy = try Self.policy(name, map)
        let network = try ReferenceNetwork(policy.network.architecture, policy.network.parameters)
        #expect(!cases.values.isEmpty)
        for (observation, values) in zip(cases.observations, cases.values) {
            #expect(observation.count == policy.network.architecture.input.count)
            let found = network.values(observation)
            #expect(found.count == values.count)
            #expect(zip(found, values).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($1)) }, "\(found) \(values)")
        }
    }

    @Test func theKindAndWhatIsAssumedAreSaid() throws {
        let chain = try Self.policy("chain.keras")
        #expect(chain.kind.rawValue == "keras" && chain.network.notes.isEmpty)
        #expect(chain.network.rows.map(\.activation) == ["tanh", "relu", "identity"])
        #expect(chain.network.rows.map(\.source) == ["dense", "dense_1", "dense_2"])
        let weights = try Self.policy("plain.weights.h5")
        #expect(weights.kind.rawValue == "keras-weights")
        #expect(weights.network.notes.contains { $0.contains("relu is assumed") })
        let dueling = try Self.policy("dueling.keras").network.architecture
        guard case .dueling(3, let streams?) = dueling.head else { throw Failure() }
        #expect(streams.value.map(\.activation) == [.relu] && streams.advantage.map(\.activation) == [.tanh])
        let images = try Self.policy("images.keras").network.architecture
        #expect(images.input == ObservationSpace(shape: [2, 11, 13], element: .uint8))
        let joined = try Self.policy("dqn_CartPole-v0_weights.h5f").network
        #expect(joined.notes.contains { $0.contains("keras-rl") && $0.contains("avg") })
        #expect(try Self.policy("own.keras").network.notes.contains { $0.contains("'Network'") })
    }

    private struct Failure: Error {}

    @Test(
        arguments: [
            ("lambda.h5", [], "Lambda"), ("keras-rl.h5", [], "--map head=dueling"),
            ("masked.h5", [], "--map input_scale=1/255"), ("leaky.keras", [], "'LeakyReLU'"),
            ("softmax.keras", [], "--map head.activation=identity"), ("recurrent.keras", [], "'LSTM'"),
            ("chain.keras", ["head=dueling"], "no streams"), ("chain.keras", ["head=other"], "head=dueling"),
            ("chain.keras", ["network=q"], "--map network"), ("chain.keras", ["layers.7.activation=relu"], "layers.7"),
            ("images.keras", ["input_scale=1"], "states the scale"), ("chain.keras", ["input=5"], "--map input"),
            ("plain.weights.h5", ["head.activation=identity"], "no whole model"),
            ("lambda-weights.h5", [], "--map head=dueling"), ("plain.weights.h5", ["head=x"], "head=dueling"),
            ("chain.h5", ["input_scale=0/0"], "input_scale"),
            ("mnih.weights.h5", [], "--map input"),
        ] as [(String, [String], String)])
    func whatCannotBeImportedIsNamed(name: String, map: [String], words: String) throws {
        let error = try #require(throws: InterchangeError.self) { try Self.policy(name, map) }
        // An input scale that nothing needs is not looked at.
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test func theOutputsActivationCanBeLeftOut() throws {
        let policy = try Self.policy("softmax.keras", ["head.activation=identity"])
        #expect(policy.network.architecture.head == .actionValues(actions: 2))
        #expect(policy.network.notes.contains { $0.contains("softmax") })
    }

    @Test func theActivationOfALayerCanBeSet() throws {
        let layers = try Self.policy("chain.h5", ["layers.0.activation=elu"]).network.architecture.layers
        #expect(layers.map(\.activation) == [.elu, .relu])
        let options = try ImportOptions(activation: .tanh)
        let url = Fixture.folder.appending(path: "keras/chain.h5")
        let error = try #require(throws: InterchangeError.self) { try ForeignPolicy(contentsOf: url, options) }
        #expect(error.message.contains("--activation"))
    }
}
