import Foundation
import Testing

/// `dqn-train --list`.
@Suite struct ListingTests {
    private func rows(_ what: String) throws -> [[String: Any]] {
        let result = try Program.run("dqn-train", "--list", what, "--json")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
    }

    @Test func listsEnvironments() throws {
        let rows = try rows("environments")
        let ids = rows.compactMap { $0["id"] as? String }
        #expect(ids == ["Acrobot-v1", "CartPole-v1", "Catch-v0", "Catch84-v0", "MountainCar-v0"])
        let cartPole = try #require(rows.first { $0["id"] as? String == "CartPole-v1" })
        #expect(cartPole["observation_shape"] as? [Int] == [4] && cartPole["observation_type"] as? String == "float32")
        #expect((cartPole["actions"] as? [String])?.count == 2 && cartPole["maximum_episode_steps"] as? Int == 500)
        let text = try Program.run("dqn-train", "--list", "environments").output
        for id in ids + ["gym:NAME", "plugin:FILE:NAME"] { #expect(text.contains(id), "\(text)") }
    }

    /// What is listed can be named, and nothing else can.
    @Test func listsMethodsAndPresets() throws {
        for (what, option) in [("methods", "--method"), ("presets", "--preset")] {
            let rows = try rows(what)
            let names = rows.compactMap { $0["name"] as? String }
            #expect(names.count >= 4 && rows.allSatisfy { ($0["summary"] as? String)?.isEmpty == false }, "\(rows)")
            let text = try Program.run("dqn-train", "--list", what).output
            for name in names {
                #expect(text.contains("\n\(name) "), "\(text)")
                let result = try Program.run(
                    "dqn-train", "--env", name == "atari" ? "Catch84-v0" : "CartPole-v1", option, name, "--print-config"
                )
                #expect(result.status == 0 || result.errors.contains("no-op-start"), "\(name): \(result.errors)")
            }
            let other = try Program.run("dqn-train", "--env", "CartPole-v1", option, "other", "--print-config")
            #expect(other.status == 64 && names.allSatisfy { other.errors.contains($0) }, "\(other.errors)")
        }
    }
}
