import DQNCheckpoint
import Foundation
import Testing

/// `dqn-checkpoint export` and the way back through `import`.
@Suite struct PolicyExportTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func tool(_ arguments: String...) throws -> Program.Result { try Program.run("dqn-checkpoint", arguments) }

    @Test func runsAndFilesAreExportedAndComeBack() throws {
        let trained = try Program.run(
            "dqn-train", ["--env", "CartPole-v1", "--steps", "300", "--out", directory("run"), "-q"] + tiny)
        try #require(trained.status == 0, "\(trained.errors)")
        let original = try directory.newest("run").stripped(allButPolicy: true)
        for ending in ["safetensors", "npz"] {
            let exported = try tool("export", directory("run"), directory("policy.\(ending)"))
            #expect(exported.status == 0 && exported.output.contains(ending), "\(exported.errors)")
            let imported = try tool("import", directory("policy.\(ending)"), directory("\(ending).h5"))
            #expect(imported.status == 0, "\(imported.errors)")
            let copy = try Checkpoint(contentsOf: URL(filePath: directory("\(ending).h5")))
            #expect(copy.online == original.online && copy.configuration == original.configuration)
            #expect(copy.counters == original.counters && copy.architecture == original.architecture)
        }
        let played = try Program.run("dqn-play", directory("npz.h5"), "--episodes", "1")
        #expect(played.status == 0, "\(played.errors)")
        let again = try tool("export", directory("run"), directory("policy.npz"))
        #expect(again.status == 64 && again.errorLine?.contains("--force") == true, "\(again.errors)")
        let module = try tool(
            "export", directory("npz.h5"), directory("policy.safetensors"), "--pytorch-module", "--force")
        #expect(module.status == 0 && module.output.contains("policy.py"), "\(module.errors)")
        #expect(try String(contentsOfFile: directory("policy.py"), encoding: .utf8).contains("nn.Linear(4, "))
        let kept = try tool("export", directory("npz.h5"), directory("other.safetensors"), "--pytorch-module")
        #expect(kept.status == 0, "\(kept.errors)")
        let refused = try tool("export", directory("npz.h5"), directory("policy.safetensors"), "--pytorch-module")
        #expect(refused.status == 64, "\(refused.errors)")
    }

    private static let policy = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/checkpoints/2.1/method-dqn.h5").path

    /// A graph with the greedy action is larger by that, and is the same policy.
    @Test func graphsMayChooseTheAction() throws {
        let original = try Checkpoint(contentsOf: URL(filePath: Self.policy)).stripped(allButPolicy: true)
        var contents: [Data] = []
        for (name, arguments) in [("plain", []), ("argmax", ["--argmax"])] {
            let file = directory("\(name).onnx")
            let exported = try Program.run("dqn-checkpoint", ["export", Self.policy, file] + arguments)
            #expect(exported.status == 0 && exported.output.contains("onnx"), "\(exported.errors)")
            contents.append(try Data(contentsOf: URL(filePath: file)))
            let imported = try tool("import", file, directory("\(name).h5"))
            #expect(imported.status == 0, "\(imported.errors)")
            let copy = try Checkpoint(contentsOf: URL(filePath: directory("\(name).h5")))
            #expect(copy.online == original.online && copy.configuration == original.configuration)
            #expect(copy.architecture == original.architecture && copy.counters == original.counters)
        }
        #expect(contents.map { $0.range(of: Data("ArgMax".utf8)) != nil } == [false, true])
        #expect(contents.map { $0.range(of: Data("action".utf8)) != nil }[1])
        let again = try tool("export", Self.policy, directory("plain.onnx"))
        #expect(again.status == 64 && again.errorLine?.contains("--force") == true, "\(again.errors)")
    }

    /// `--which` chooses a checkpoint of a run; `show` names its steps.
    @Test func anyCheckpointOfARunIsExported() throws {
        let trained = try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "300", "--save-every", "100", "--out", directory("run"), "-q"] + tiny)
        try #require(trained.status == 0, "\(trained.errors)")
        for (which, steps) in [("latest", 300), ("200", 200), ("100", 100)] {
            let file = directory("\(which).npz")
            let exported = try tool("export", directory("run"), file, "--which", which)
            #expect(exported.status == 0, "\(exported.errors)")
            #expect(try tool("import", file, directory("\(which).h5")).status == 0)
            let copy = try Checkpoint(contentsOf: URL(filePath: directory("\(which).h5")))
            let original = try directory.checkpoint("run", steps)
            #expect(copy.counters.agentSteps == steps && copy.online == original.online)
        }
        let missing = try tool("export", directory("run"), directory("none.npz"), "--which", "150")
        #expect(missing.status != 0 && missing.errors.contains("150"), "\(missing.errors)")
    }

    @Test func whatCannotBeExportedIsNamed() throws {
        let policy = Self.policy
        for (arguments, status, words) in [
            (["export", policy, directory("a.pth")], 64, ".safetensors"),
            (["export", policy, directory("a.npz"), "--pytorch-module"], 64, "--pytorch-module"),
            (["export", policy, directory("a.npz"), "--which", "newest"], 64, "--which"),
            (["export", policy, directory("a.npz"), "--argmax"], 64, "--argmax"),
            (["export", policy, directory("a.onnx"), "--pytorch-module"], 64, "--pytorch-module"),
            (["export", directory("none.h5"), directory("a.npz")], 66, "none.h5"),
            (["export", policy, directory("none/a.npz")], 1, "none"),
        ] {
            let result = try Program.run("dqn-checkpoint", arguments)
            #expect(result.status == Int32(status) && result.errors.contains(words), "\(result.errors)")
        }
        try Data("text".utf8).write(to: URL(filePath: directory("text.h5")))
        #expect(try tool("export", directory("text.h5"), directory("a.npz")).status == 65)
        #expect(!FileManager.default.fileExists(atPath: directory("a.npz")))
        // The format of --format counts, not the ending.
        let named = try tool("export", policy, directory("weights"), "--format", "npz")
        #expect(named.status == 0, "\(named.errors)")
        #expect(try Data(contentsOf: URL(filePath: directory("weights"))).starts(with: [0x50, 0x4B, 3, 4]))
    }
}
