import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation
import Testing

/// Models of Stable-Baselines3 and sb3-contrib (`Fixtures/interchange/stable-baselines`), which compute here what they
/// compute there.
@Suite struct StableBaselinesTests {
    private struct Expected: Decodable {
        let observations: [[Float]]
        let values: [[Double]]
    }

    private static let folder = Fixture.folder.appending(path: "stable-baselines")

    private static func policy(
        _ name: String, environment: String? = nil, activation: NetworkArchitecture.Activation? = nil,
        statistics: String? = nil
    ) throws -> ForeignPolicy {
        let options = try ImportOptions(
            environment: environment, activation: activation,
            normalizationFile: statistics.map { folder.appending(path: $0) })
        return try ForeignPolicy(contentsOf: folder.appending(path: name), options)
    }

    private static func message(_ name: String, statistics: String? = nil) throws -> String {
        try #require(throws: InterchangeError.self) { try policy(name, statistics: statistics) }.message
    }

    @Test(
        arguments: [
            ("settings.zip", nil), ("qrdqn.zip", nil), ("ppo.zip", nil), ("ppo-shared.zip", nil), ("a2c.zip", nil),
            ("frames.zip", nil), ("frames-a2c.zip", nil), ("discrete.zip", nil),
            ("normalized.zip", "vecnormalize.pkl"), ("normalized.zip", "vecnormalize-gym.pkl"),
            ("normalized-inside.zip", nil), ("older-dueling.zip", nil), ("older-frames.zip", nil),
            ("older-ppo2.zip", nil),
        ] as [(String, String?)])
    func importedNetworksComputeWhatStableBaselinesDoes(name: String, statistics: String?) throws {
        let expected = try JSONDecoder().decode(
            [String: Expected].self, from: Data(contentsOf: Self.folder.appending(path: "expected.json")))
        let policy = try Self.policy(name, statistics: statistics)
        #expect(policy.kind == (name.hasPrefix("older-") ? .olderStableBaselines : .stableBaselines))
        let network = try ReferenceNetwork(policy.network.architecture, policy.network.parameters)
        let cases = try #require(expected[name])
        #expect(!cases.values.isEmpty && cases.values != cases.values.map { _ in cases.values[0] })
        for (observation, values) in zip(cases.observations, cases.values) {
            let found = network.values(observation)
            #expect(found.count == values.count)
            #expect(zip(found, values).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($1)) }, "\(found) \(values)")
        }
    }

    @Test func settingsOfTheTrainingCarryOver() throws {
        let policy = try Self.policy("settings.zip", environment: "CartPole-v1")
        #expect(policy.network.notes.allSatisfy { $0.contains("vecnormalize.pkl") }, "\(policy.network.notes)")
        let checkpoint = try policy.checkpoint()
        #expect(checkpoint.counters.agentSteps == 120)
        let expected: [String: JSONValue] = [
            "environment": .string("CartPole-v1"), "frame_stack": .integer(1), "method": .string("dqn"),
            "double": .bool(false), "loss": .string("huber"), "learning_rate": .number(1e-3),
            "learning_rate_final": .number(1e-5), "replay_capacity": .integer(5000), "learning_starts": .integer(50),
            "batch_size": .integer(48), "target_rate": .number(0.5), "discount": .number(0.97),
            "train_interval": .integer(3), "gradient_steps": .integer(2), "target_interval": .integer(70),
            "epsilon_start": .number(0.9), "epsilon_final": .number(0.03), "epsilon_fraction": .number(0.2),
            "max_gradient_norm": .number(5), "seed": .integer(7), "environments_per_worker": .integer(1),
            "schedule_steps": .integer(120),
        ]
        #expect(checkpoint.configuration == .object(expected))
        let older = try Self.policy("older-dueling.zip", environment: "Acrobot-v1").checkpoint().configuration
        #expect(older["double"] == .bool(true) && older["train_interval"] == .integer(2))
        let actor = try Self.policy("a2c.zip", environment: "CartPole-v1").checkpoint().configuration
        #expect(actor["method"] == .string("a3c") && actor["segment_length"] == .integer(8))
        #expect(actor["entropy_coefficient"] == .number(0.01) && actor["value_coefficient"] == .number(0.3))
        #expect(actor["batch_size"] == nil)
    }

    @Test func functionsAreMentionedAndNotRun() throws {
        let policy = try Self.policy("qrdqn.zip", environment: "CartPole-v1")
        #expect(policy.network.notes.contains { $0.contains("learning rate") && $0.contains("not run") })
        #expect(try policy.checkpoint().configuration["learning_rate"] == nil)
        #expect(policy.network.architecture.head == .quantiles(actions: 2, quantiles: 5))
    }

    @Test func actorCriticsHaveStreams() throws {
        let policy = try Self.policy("ppo.zip")
        #expect(policy.network.architecture.layers.isEmpty)
        guard case .actorCritic(2, let streams?) = policy.network.architecture.head else {
            Issue.record("\(policy.network.architecture.head)")
            return
        }
        #expect(streams.policy == [.dense(units: 5, activation: .tanh), .dense(units: 4, activation: .tanh)])
        #expect(streams.value == [.dense(units: 6, activation: .tanh)])
        #expect(policy.network.rows.map(\.source).contains("mlp_extractor.policy_net.0"))
        #expect(policy.network.notes.contains { $0.contains("PPO") })
    }

    @Test func statisticsOfNormalisedObservationsArePartOfTheNetwork() throws {
        let alone = try Self.policy("normalized.zip")
        #expect(alone.network.notes.contains { $0.contains("vecnormalize.pkl' is not read") })
        let policy = try Self.policy("normalized.zip", statistics: "vecnormalize.pkl")
        #expect(policy.network.notes.contains { $0.contains("clips them at 8") })
        #expect(policy.network.architecture.inputOffset.count == 4)
        let rewards = try Self.policy("settings.zip", statistics: "vecnormalize-rewards.pkl")
        #expect(rewards.network.architecture.inputOffset.isEmpty)
        #expect(rewards.network.notes.contains { $0.contains("rewards alone") })
        #expect(try Self.message("settings.zip", statistics: "settings.zip").contains("settings.zip"))
        #expect(try Self.message("settings.zip", statistics: "missing.pkl").contains("cannot be read"))
        #expect(try Self.message("frames.zip", statistics: "vecnormalize.pkl").contains("offset"))
    }

    /// A crash ends the whole test run.
    @Test func damagedStatisticsAreRefusedOrRead() throws {
        let bytes = try Data(contentsOf: Self.folder.appending(path: "vecnormalize.pkl"))
        let url = FileManager.default.temporaryDirectory.appending(path: "statistics-\(UUID().uuidString).pkl")
        defer { try? FileManager.default.removeItem(at: url) }
        let weights = try Fixture.bytes("weights.pth")
        var refused = 0
        for place in stride(from: 0, to: bytes.count, by: 7) {
            for damaged in [
                bytes.prefix(place), bytes.prefix(place) + [bytes[place] ^ 0x15] + bytes.dropFirst(place + 1),
            ] {
                try Data(damaged).write(to: url)
                let options = try ImportOptions(normalizationFile: url)
                do throws(InterchangeError) { _ = try ForeignPolicy(weights[...], name: "weights.pth", options) } catch
                {
                    #expect(!error.message.isEmpty)
                    refused += 1
                }
            }
        }
        #expect(refused > bytes.count / 7)
    }

    @Test(
        arguments: [
            ("refused-dictionary.zip", "MultiInputPolicy"), ("refused-ppo.zip", "continuous actions"),
            ("refused-sac.zip", "continuous actions"), ("refused-several.zip", "MultiDiscrete"),
            ("refused-recurrent.zip", "recurrent"), ("refused-activation.zip", "--activation"),
            ("refused-extractors.zip", "share_features_extractor"), ("refused-sbx.zip", "numpy.savez"),
        ])
    func whatCannotBeRepresentedIsNamed(name: String, words: String) throws {
        let message = try Self.message(name)
        #expect(message.contains(words) && message.contains(name), "\(message)")
    }

    @Test func anActivationOfItsOwnIsSetByHand() throws {
        let policy = try Self.policy("refused-activation.zip", activation: .tanh)
        #expect(policy.network.architecture.layers.map(\.activation) == [.tanh])
    }

    @Test(
        arguments: [
            ("ALE/Pong-v5", "gym:ALE/Pong-v5?frameskip=1,obs_type=grayscale", 7),
            ("gym:PongNoFrameskip-v4", "gym:PongNoFrameskip-v4?obs_type=grayscale", 7),
            ("FreewayNoFrameskip-v4", "gym:FreewayNoFrameskip-v4?obs_type=grayscale", 6),
            ("gym:ALE/Pong-v5?frameskip=4", "gym:ALE/Pong-v5?frameskip=4", 0), ("CartPole-v1", "CartPole-v1", 0),
        ])
    func gamesGetThePreparationOfTheirScreens(id: String, environment: String, count: Int) throws {
        let space = ObservationSpace(shape: [4, 84, 84], element: .uint8)
        let settings = GameSettings.settings(id, space)
        #expect(settings["environment"] == .string(environment))
        #expect(settings["wrappers"]?.stringArrayValue?.count ?? 0 == count)
        #expect(settings["wrappers"]?.stringArrayValue?.contains("fire-on-reset") ?? false == (count == 7))
        let vector = GameSettings.settings("ALE/Pong-v5", ObservationSpace(shape: [128], element: .uint8))
        #expect(vector["wrappers"] == nil)
    }
}
