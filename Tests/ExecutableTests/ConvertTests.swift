import CommandLineSupport
import DQNCheckpoint
import Foundation
import Testing

/// `dqn-checkpoint convert`: its exit codes, messages and protection of existing files.
@Suite struct ConvertTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/checkpoints")

    private func golden(_ name: String) -> String { Self.fixtures.appendingPathComponent(name).path }

    private func convert(_ arguments: String...) throws -> Program.Result {
        try Program.run("dqn-checkpoint", ["convert"] + arguments)
    }

    private func data(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    @Test func convertsThereAndBack() throws {
        let directory = try TemporaryDirectory()
        let original = golden("1.0/dqn-cartpole.h5")
        let newer = try convert(original, directory("newer.h5"), "--to", "1.1")
        #expect(newer.status == 0 && newer.errors.isEmpty, "\(newer.errors)")
        let bytes = try data(directory("newer.h5")).count
        #expect(newer.output == "\(directory("newer.h5")): \(bytes.grouped) bytes, format 1.1\n")
        #expect(try convert(directory("newer.h5"), directory("back.h5"), "--to", "1.0").status == 0)
        #expect(try convert(original, directory("direct.h5"), "--to", "1.0").status == 0)
        #expect(try data(directory("back.h5")) == data(directory("direct.h5")))
        // The state is the same in every version.
        for name in ["newer.h5", "back.h5"] {
            let difference = try Program.run("dqn-checkpoint", "diff", original, directory(name))
            #expect(difference.status == 0, "\(difference.output)")
        }
        let played = try Program.run("dqn-play", directory("newer.h5"), "--episodes", "2")
        #expect(played.status == 0)
        #expect(try played.output == Program.run("dqn-play", original, "--episodes", "2").output)
    }

    @Test func listsWhatWouldBeLost() throws {
        let directory = try TemporaryDirectory()
        let refused = try convert(golden("1.1/sample-workers.h5"), directory("old.h5"), "--to", "1.0")
        #expect(refused.status == 1 && refused.output.isEmpty)
        let lines = refused.errors.split(separator: "\n")
        #expect(lines.count == 15)
        #expect(
            lines.first?.contains("Format 1.0 cannot represent all of the state; allow") == true, "\(refused.errors)")
        #expect(lines.contains("would be lost: /workers/1/state: that the worker is finished"), "\(refused.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])

        let allowed = try convert(
            golden("1.1/sample-workers.h5"), directory("old.h5"), "--to", "1.0", "--allow-lossy")
        #expect(allowed.status == 0)
        let dropped = allowed.errors.split(separator: "\n")
        #expect(dropped.count == 14 && dropped.allSatisfy { $0.hasPrefix("omitted: /workers/") }, "\(allowed.errors)")
        #expect(try Program.run("dqn-checkpoint", "verify", directory("old.h5")).status == 0)
        let shown = try Program.run("dqn-checkpoint", "show", directory("old.h5"))
        #expect(shown.output.contains("1.0, written by swift-dqn 0.1.0"), "\(shown.output)")
    }

    @Test func unknownVersionExitsWith64() throws {
        let directory = try TemporaryDirectory()
        for version in ["1.2", "2", ""] {
            let result = try convert(golden("1.0/dqn-cartpole.h5"), directory("x.h5"), "--to", version)
            #expect(result.status == 64)
            #expect(result.errors.contains("known versions are 1.0, 1.1"), "\(result.errors)")
        }
        #expect(try convert(golden("1.0/dqn-cartpole.h5"), directory("x.h5")).status == 64)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test func refusesMalformedAndMissingInputs() throws {
        let directory = try TemporaryDirectory()
        let malformed = try convert(golden("hostile/rule-6-cycle.h5"), directory("x.h5"), "--to", "1.1")
        #expect(malformed.status == 65)
        #expect(malformed.errorLine?.contains("[R6]") == true, "\(malformed.errors)")
        let missing = try convert(directory("none.h5"), directory("x.h5"), "--to", "1.1")
        #expect(missing.status == 66)
        #expect(missing.errorLine?.contains("none.h5") == true, "\(missing.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test func keepsExistingFiles() throws {
        let directory = try TemporaryDirectory()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: directory("x.h5")))
        let original = golden("1.0/dqn-cartpole-policy.h5")
        let refused = try convert(original, directory("x.h5"), "--to", "1.1")
        #expect(refused.status == 64)
        #expect(refused.errorLine?.contains("exists") == true, "\(refused.errors)")
        #expect(try data(directory("x.h5")) == Data("mine".utf8))
        #expect(try convert(original, directory("x.h5"), "--to", "1.1", "--force").status == 0)
        #expect(try Program.run("dqn-checkpoint", "verify", directory("x.h5")).status == 0)
    }

    @Test func showDescribesWorkers() throws {
        let text = try Program.run("dqn-checkpoint", "show", golden("1.1/sample-workers.h5"))
        #expect(text.output.contains("running, 20,000 agent steps, final epsilon 0.1, learner async-nstep-q 2\n"))
        #expect(text.output.contains("finished, 12,500 agent steps, final epsilon 0.01\n"), "\(text.output)")
        let result = try Program.run("dqn-checkpoint", "show", golden("1.1/sample-prioritized.h5"), "--json")
        let object = try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let worker = try #require((object["workers"] as? [[String: Any]])?.first)
        #expect(worker["standing"] as? String == "running")
        #expect(worker["agent_steps"] as? Int == 50_000)
        #expect((worker["replay"] as? [String: Int]) == ["count": 37, "capacity": 100])
        // Format 1.0 does not record the steps of each worker.
        let old = try Program.run("dqn-checkpoint", "show", golden("1.0/sample-vector.h5"))
        #expect(old.output.contains("running, steps not recorded, replay 37 of 100\n"), "\(old.output)")
    }

    @Test func showDescribesNetworksAndEnvironments() throws {
        let text = try Program.run("dqn-checkpoint", "show", golden("2.1/sample-layers.h5")).output
        #expect(text.contains("2×9×7 uint8 → 3×5×8"), "\(text)")
        #expect(text.contains("15 (5 quantiles of each action)\n"), "\(text)")
        #expect(text.contains("3k3x2s2x1p1+elu, norm+tanh, max2s1p1, 2k2s1+silu, avg3x2s2p1x0, fc6+gelu"), "\(text)")
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(lines.contains("input offset 127.5") && lines.contains("input scale 126 values"), "\(text)")
        let streams = try Program.run("dqn-checkpoint", "show", golden("2.1/sample-actor-critic-streams.h5")).output
            .split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(streams.contains("policy stream fc6+tanh, fc6+tanh") && streams.contains("value stream linear"))
        let environments = golden("2.1/sample-environments.h5")
        #expect(
            try Program.run("dqn-checkpoint", "show", environments).output.contains("steps, 4 environments, replay"))
        let result = try Program.run("dqn-checkpoint", "show", environments, "--json")
        let object = try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect((object["workers"] as? [[String: Any]])?.first?["environments"] as? Int == 4)
        let datasets = try #require(object["datasets"] as? [[String: Any]])
        let masks = datasets.first { $0["path"] as? String == "workers/0/environments/1/replay/next_action_masks" }
        #expect(masks?["shape"] as? [Int] == [40, 2])
    }

    /// The parts of a network are never left out.
    @Test func refusesToLoseANetwork() throws {
        let directory = try TemporaryDirectory()
        let refused = try convert(
            golden("2.1/sample-layers.h5"), directory("old.h5"), "--to", "2.0", "--allow-lossy")
        #expect(refused.status == 1 && refused.output.isEmpty)
        #expect(refused.errors.contains("/architecture: layer 1 (norm+tanh), which format 2.0 does not support"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    /// What reads one checkpoint takes a run too, and what checks files all of its checkpoints.
    @Test func runDirectoriesAreTaken() throws {
        let directory = try TemporaryDirectory()
        let run = directory("run")
        let trained = ["--env", "CartPole-v1", "--steps", "600", "--save-every", "300", "-q", "--out", run] + tiny
        #expect(try Program.run("dqn-train", trained).status == 0)
        func tool(_ arguments: String...) throws -> Program.Result { try Program.run("dqn-checkpoint", arguments) }
        for (which, step) in [("latest", 600), ("300", 300)] {
            let file = directory.checkpointURL("run", step).path
            #expect(
                try tool("strip", run, directory("a.h5"), "--which", which, "--all-but-policy", "--force").status == 0)
            #expect(try tool("strip", file, directory("b.h5"), "--all-but-policy", "--force").status == 0)
            #expect(
                try Data(contentsOf: URL(filePath: directory("a.h5")))
                    == Data(contentsOf: URL(filePath: directory("b.h5"))))
            #expect(try tool("convert", run, directory("a.h5"), "--which", which, "--to", "2.1", "--force").status == 0)
            #expect(try tool("convert", file, directory("b.h5"), "--to", "2.1", "--force").status == 0)
            #expect(
                try Data(contentsOf: URL(filePath: directory("a.h5")))
                    == Data(contentsOf: URL(filePath: directory("b.h5"))))
        }
        #expect(try tool("strip", run, directory("a.h5"), "--which", "best", "--replay", "--force").status == 0)
        #expect(try tool("strip", run, directory("a.h5"), "--which", "newest", "--replay").status == 64)
        var result = try tool("verify", run)
        let names = directory.savedSteps("run").map {
            "\(run)/checkpoints/\(CheckpointStore.fileName(agentSteps: $0)): ok"
        }
        #expect(result.status == 0 && result.output.split(separator: "\n").map(String.init) == names, "\(result)")
        var bytes = try Data(contentsOf: directory.checkpointURL("run", 300))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: directory.checkpointURL("run", 300))
        #expect(try tool("verify", run).status == 65)
        try FileManager.default.createDirectory(atPath: directory("empty"), withIntermediateDirectories: true)
        result = try tool("verify", directory("empty"))
        #expect(result.status == 66 && result.errorLine?.contains("has no checkpoints") == true, "\(result)")
    }
}
