import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// Snapshots that somebody has changed to execute code or to take memory are refused.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumHostileStateTests {
    private static let method = #"{"bound": ["dqn_state_environments", "Keys.stay"], "self": {"same": "layer 2"}}"#
    /// A path from the environment's module to a function of the standard library.
    private static let shell = #"["dqn_state_environments", "gymnasium.envs.registration.contextlib.os.popen"]"#

    @Test(
        "Restores no function of another package, no method of another class, and iterates over no object",
        arguments: [
            #"{"bound": \#(shell), "self": "touch FILE"}"#,
            #"{"bound": \#(shell), "self": {"same": "layer 2"}}"#,
            #"{"own": \#(shell)}"#,
            #"{"own": ["dqn_state_environments", "gymnasium.Env"]}"#,
            #"{"bound": ["dqn_state_environments", "greet"], "self": {"same": "layer 2"}}"#,
            #"{"bound": ["dqn_state_environments", "Keys.stay"], "self": "touch FILE"}"#,
            #"{"iterator": "builtins.enumerate", "arguments": [\#(hand), 0], "state": []}"#,
            #"{"iterator": "iter", "arguments": [{"own": ["dqn_state_environments", "greet"]}, 0], "state": []}"#,
        ])
    func foreignCode(form: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "dqn-hostile-\(UUID().uuidString)").path
        let environment = try Gymnasium.make("dqn_state_environments:Keys-v0")
        try environment.reset(seed: 1)
        let before = try #require(try environment.snapshot())
        let hostile = try replacing(Self.method, with: form.replacing("FILE", with: file), in: before)
        #expect {
            try environment.restore(hostile)
        } throws: {
            ($0 as? EnvironmentError)?.code == .stateNotApplicable
        }
        #expect(try environment.snapshot() == before)
        for action in [0, 1, 0, 1] { _ = try environment.step(action) }
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    private static let hand = #"{"object": "Hand", "module": "dqn_state_environments", "attributes": {}}"#

    @Test(
        "Refuses sizes that no memory holds",
        arguments: [
            (#""objects": [3]"#, #""objects": [1000000000000]"#),
            (
                #"{"objects": [3], "items": [null, "b", 3]}"#,
                #"{"iterator": "itertools.permutations", "arguments": [{"range": [0, 2000000000000000000, 1]}], "state": []}"#
            ),
        ])
    func sizes(found: String, replacement: String) throws {
        let environment = try Gymnasium.make("dqn_state_environments:Words-v0")
        try environment.reset(seed: 1)
        let before = try #require(try environment.snapshot())
        let hostile = try replacing(found, with: replacement, in: before)
        #expect {
            try environment.restore(hostile)
        } throws: {
            ($0 as? ModelError)?.code == .invalidSnapshot
        }
        #expect(try environment.snapshot() == before)
    }

    private func replacing(_ found: String, with other: String, in snapshot: StateSnapshot) throws -> StateSnapshot {
        guard case .uint8(let bytes) = snapshot.values["attributes"] else {
            throw ModelError(code: .invalidSnapshot, message: "The attributes are missing.")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        try #require(text.contains(found), "\(text)")
        var changed = snapshot
        changed.values["attributes"] = .uint8(Array(text.replacing(found, with: other).utf8))
        return changed
    }
}
