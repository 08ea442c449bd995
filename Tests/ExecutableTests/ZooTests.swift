import DQNModel
import Foundation
import Testing

/// The trained policies of `Fixtures/zoo` play as its page says.
@Suite struct ZooTests {
    struct Policy: Sendable, CustomTestStringConvertible {
        let name: String
        /// What its environment needs beside Gymnasium; `nil` for an environment of this library.
        var module: String?
        var epsilon = "0"
        let episodes: Int
        /// Below the policy's mean return by more than the error of so few episodes.
        let least: Double

        var testDescription: String { name }
    }

    private static let policies = [
        Policy(name: "cartpole", episodes: 10, least: 475), Policy(name: "acrobot", episodes: 10, least: -100),
        Policy(name: "mountaincar", episodes: 10, least: -110),
        Policy(name: "lunarlander", module: "Box2D", episodes: 10, least: 150),
        Policy(name: "breakout", module: "minatar", episodes: 20, least: 4),
        Policy(name: "pong", module: "ale_py", epsilon: "0.01", episodes: 1, least: 10),
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../Fixtures/zoo"
    ).standardized

    @Test(arguments: policies) func aPolicyPlaysWell(policy: Policy) throws {
        if let module = policy.module, !InstalledPython.has(module) { return }
        let file = Self.folder.appending(path: "\(policy.name).h5").path
        let result = try Program.run(
            "dqn-play", file, "--episodes", String(policy.episodes), "--epsilon", policy.epsilon, "--seed", "1",
            "--json")
        #expect(result.status == 0, "\(result.errors)")
        let played = try JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8))
        let mean = try #require(played["mean_return"]?.doubleValue)
        #expect(mean >= policy.least, "\(policy.name): \(mean)")
    }

    @Test func everyPolicyOfTheFolderIsPlayed() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".h5") }
        #expect(Set(files) == Set(Self.policies.map { "\($0.name).h5" }))
    }
}
