import DQNModel
import Foundation
import Testing

/// The trained policies of `Fixtures/zoo` play as its page promises.
@Suite struct ZooTests {
    struct Policy: Sendable, CustomTestStringConvertible {
        let name: String
        var epsilon = "0"
        var episodes = 10
        /// Below the policy's mean return by more than the error of so few episodes.
        let least: Double

        var testDescription: String { name }
    }

    private static let policies = [
        Policy(name: "cartpole", least: 475), Policy(name: "acrobot", least: -100),
        Policy(name: "mountaincar", least: -110),
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../Fixtures/zoo"
    ).standardized

    /// Plays a policy and returns its mean return.
    @discardableResult private func play(_ policy: Policy) throws -> Double {
        let file = Self.folder.appending(path: "\(policy.name).h5").path
        let result = try Program.run(
            "dqn-play", file, "--episodes", String(policy.episodes), "--epsilon", policy.epsilon, "--seed", "1",
            "--json")
        #expect(result.status == 0, "\(result.errors)")
        let played = try JSONDecoder().decode(JSONValue.self, from: Data(result.output.utf8))
        let mean = try #require(played["mean_return"]?.doubleValue)
        #expect(mean >= policy.least, "\(policy.name): \(mean)")
        return mean
    }

    @Test(arguments: policies) func aPolicyOfOurEnvironmentsPlaysWell(policy: Policy) throws {
        try play(policy)
    }

    @Test(.enabled(if: InstalledPython.has("Box2D"), "Scripts/setup-gymnasium installs Box2D"))
    func lunarLanderLands() throws { try play(Policy(name: "lunarlander", least: 150)) }

    @Test(.enabled(if: InstalledPython.has("minatar"), "Scripts/setup-gymnasium installs MinAtar"))
    func breakoutPlaysWell() throws { try play(Policy(name: "breakout", episodes: 20, least: 4)) }

    /// The average is 20 of 21; the worst of 100 games is 13.
    @Test(.enabled(if: InstalledPython.has("ale_py"), "Scripts/setup-gymnasium installs ale-py"))
    func pongWins() throws {
        let points = try play(Policy(name: "pong", epsilon: "0.01", episodes: 1, least: 10))
        #expect((10...21).contains(points), "\(points)")
    }

    @Test func everyPolicyOfTheFolderIsPlayed() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".h5") }
        #expect(
            Set(files.map { $0.dropLast(3) })
                == Set(Self.policies.map { $0.name[...] } + ["lunarlander", "breakout", "pong"]))
    }
}
