import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation
import Testing

/// `dqn-checkpoint import`, and what every program does with an imported file.
@Suite struct ImportCommandTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/interchange")
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func fixture(_ name: String) -> String { Self.fixtures.appending(path: name).path }

    private func tool(_ arguments: String...) throws -> Program.Result { try Program.run("dqn-checkpoint", arguments) }

    private func importing(_ name: String, to output: String, _ arguments: String...) throws {
        let result = try Program.run(
            "dqn-checkpoint", ["import", fixture(name), directory(output), "--env", "CartPole-v1"] + arguments)
        try #require(result.status == 0, "\(result.errors)")
    }

    @Test func helpNamesTheOptions() throws {
        let help = try tool("import", "--help")
        #expect(help.status == 0)
        for option in ["--env", "--activation", "--map", "--vecnormalize", "--check", "--dry-run", "--force"] {
            #expect(help.output.contains(option), "\(option)")
        }
    }

    @Test func theTableIsPrintedAndADryRunStopsThere() throws {
        let result = try tool("import", fixture("dueling.pth"), "--dry-run")
        #expect(result.status == 0, "\(result.errors)")
        #expect(
            result.output.split(separator: "\n") == [
                "layer             shape  activation  from", "layers/0          7x5    relu        fc1",
                "value/output      1x7    identity    out_v", "advantage/output  3x7    identity    out_a",
            ])
        #expect(result.errors.contains("relu is assumed") && result.errors.contains("mean(A)"), "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        let mapped = try tool(
            "import", fixture("trainer.pt"), "--dry-run", "--map", "network=target_net", "--map",
            "layers.0.activation=elu")
        #expect(mapped.output.contains("elu") && mapped.output.contains("target_net.0"), "\(mapped.output)")
        // Without --dry-run a file is needed, and an environment.
        #expect(try tool("import", fixture("dueling.pth")).status == 64)
        let homeless = try tool("import", fixture("dueling.pth"), directory("a.h5"))
        #expect(homeless.status == 64 && homeless.errors.contains("--env"), "\(homeless.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("a.h5")))
    }

    /// An id that only Gymnasium knows, without its scheme, makes a file that does not play: the note gives the remedy.
    @Test func anUnknownEnvironmentIsNoted() throws {
        let result = try tool(
            "import", fixture("weights.pth"), directory("a.h5"), "--env", "LunarLander-v3", "--json")
        #expect(result.status == 0 && result.errors.contains("gym:LunarLander-v3"), "\(result)")
        #expect(result.output.contains("'LunarLander-v3' is unknown to this program"))
        for known in ["CartPole-v1", "gym:LunarLander-v3"] {
            let result = try tool("import", fixture("weights.pth"), directory("a.h5"), "--env", known, "--force")
            #expect(result.status == 0 && !result.errors.contains("unknown to this program"), "\(result)")
        }
        #expect(try tool("import", "--help").output.contains("lander.h5 --env gym:LunarLander-v3"))
    }

    @Test func filesAreReplacedOnRequestAlone() throws {
        try importing("weights.pth", to: "a.h5")
        let before = try Data(contentsOf: URL(filePath: directory("a.h5")))
        let again = try tool("import", fixture("weights.npz"), directory("a.h5"), "--env", "CartPole-v1")
        #expect(again.status == 64 && again.errorLine?.contains("--force") == true, "\(again.errors)")
        #expect(try Data(contentsOf: URL(filePath: directory("a.h5"))) == before)
        try importing("weights.npz", to: "a.h5", "--force")
        #expect(try Data(contentsOf: URL(filePath: directory("a.h5"))) != before)
    }

    @Test func outputsAreCompared() throws {
        let right = try tool(
            "import", fixture("weights.pth"), directory("a.h5"), "--env", "CartPole-v1", "--check",
            fixture("check.npz"))
        #expect(right.status == 0 && right.output.contains("check: 4 observations"), "\(right.errors)")
        let wrong = try tool(
            "import", fixture("weights.pth"), directory("b.h5"), "--env", "CartPole-v1", "--activation", "tanh",
            "--check", fixture("check.npz"))
        #expect(wrong.status == 1 && wrong.errors.contains("--activation"), "\(wrong.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("b.h5")))
    }

    @Test(
        arguments: [
            (["module.pth"], 1, "Sequential"), (["recurrent.pth"], 1, "recurrent"),
            (["weights.pth", "--map", "colour=red"], 64, "colour"),
            (["weights.pth", "--map", "network=none"], 64, "'none'"),
            (["weights.pth", "--activation", "cube"], 64, "cube"),
            (["weights.pth", "--vecnormalize", "none.pkl"], 66, "none.pkl"),
            (["missing.pth"], 66, "missing.pth"), (["expected.json"], 1, "no file that can be imported"),
            (["stable-baselines/refused-sac.zip"], 1, "continuous actions"),
            (["stable-baselines/refused-sbx.zip"], 1, "SBX"),
        ] as [([String], Int32, String)])
    func whatIsRefusedHasAnExitCode(arguments: [String], status: Int32, words: String) throws {
        let result = try Program.run(
            "dqn-checkpoint",
            ["import", fixture(arguments[0]), directory("a.h5"), "--env", "CartPole-v1"] + arguments.dropFirst())
        #expect(result.status == status && result.errors.contains(words), "\(result.status) \(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("a.h5")))
    }

    /// Statistics beside a file are read on request alone.
    @Test func statisticsAreGiven() throws {
        let model = fixture("stable-baselines/normalized.zip")
        let statistics = fixture("stable-baselines/vecnormalize.pkl")
        try #require(FileManager.default.fileExists(atPath: model))
        try #require(FileManager.default.fileExists(atPath: statistics))
        for (name, arguments) in [("plain", []), ("scaled", ["--vecnormalize", statistics])] {
            let result = try Program.run(
                "dqn-checkpoint", ["import", model, directory("\(name).h5"), "--env", "CartPole-v1"] + arguments)
            #expect(result.status == 0, "\(result.errors)")
            let architecture = try Checkpoint(contentsOf: URL(filePath: directory("\(name).h5"))).architecture
            #expect(architecture.inputScale.count == (arguments.isEmpty ? 0 : 4))
        }
    }

    @Test func settingsOfTheInputAreStored() throws {
        try importing(
            "weights.pth", to: "a.h5", "--map", "input_scale=1/4", "--map", "input_offset=0.5", "--map", "frame_stack=2"
        )
        let stored = try Checkpoint(contentsOf: URL(filePath: directory("a.h5")))
        #expect(stored.architecture.inputScale == [0.25] && stored.architecture.inputOffset == [0.5])
        #expect(stored.configuration["frame_stack"] == .integer(2))
        let quantiles = try tool("import", fixture("weights.pth"), "--dry-run", "--map", "quantiles=7")
        #expect(quantiles.errors.contains("7 quantiles"), "\(quantiles.errors)")
    }

    @Test func directoriesAreNamed() throws {
        let folder = directory("model")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let plain = try tool("import", folder, "--dry-run")
        #expect(plain.status == 66 && plain.errors.contains("is a directory"), "\(plain.errors)")
        try Data().write(to: URL(filePath: folder).appending(path: "saved_model.pb"))
        let model = try tool("import", folder, "--dry-run")
        #expect(model.status == 1 && model.errors.contains("SavedModel") && model.errors.contains("model.save("))
    }

    @Test func damageIsMalformed() throws {
        let bytes = try Data(contentsOf: URL(filePath: fixture("weights.pth")))
        try bytes.prefix(bytes.count / 2).write(to: URL(filePath: directory("half.pth")))
        let result = try tool("import", directory("half.pth"), "--dry-run")
        #expect(result.status == 65 && result.errorLine?.contains("half.pth") == true, "\(result.errors)")
    }

    @Test func everyProgramTakesAnImportedFile() throws {
        try importing("weights.pth", to: "a.h5")
        try importing("stable-baselines/settings.zip", to: "b.h5")
        let shown = try tool("show", directory("a.h5"))
        for words in ["org.swift-dqn.origin", "pytorch", "weights.pth", "omitted"] {
            #expect(shown.output.contains(words), "\(words): \(shown.output)")
        }
        let verified = try tool("verify", "--deep", directory("a.h5"), directory("b.h5"))
        #expect(verified.status == 0, "\(verified.output)")
        #expect(try tool("diff", directory("a.h5"), directory("a.h5")).status == 0)
        #expect(try tool("diff", directory("a.h5"), directory("b.h5")).status == 1)
        for name in ["a.h5", "b.h5"] {
            let played = try Program.run("dqn-play", directory(name), "--episodes", "2", "--json")
            #expect(played.status == 0 && played.output.contains("mean_return"), "\(played.errors)")
        }
        let elsewhere = try Program.run("dqn-play", directory("a.h5"), "--env", "Acrobot-v1")
        #expect(elsewhere.status == 64 && elsewhere.errors.contains("shape [4]"), "\(elsewhere.errors)")
    }

    @Test func olderVersionsHaveWhatTheyCanRepresent() throws {
        try importing("weights.pth", to: "a.h5")
        for version in ["2.0", "1.1", "1.0"] {
            let old = try tool("convert", directory("a.h5"), directory("\(version).h5"), "--to", version)
            #expect(old.status == 0, "\(old.errors)")
            let back = try tool("convert", directory("\(version).h5"), directory("back-\(version).h5"), "--to", "2.1")
            #expect(back.status == 0, "\(back.errors)")
            #expect(try tool("diff", directory("a.h5"), directory("back-\(version).h5")).status == 0)
        }
        try importing("stable-baselines/settings.zip", to: "b.h5")
        let silu = try tool("convert", directory("b.h5"), directory("c.h5"), "--to", "2.0")
        #expect(silu.status == 1 && silu.errors.contains("fc8+silu"), "\(silu.errors)")
        try importing("stable-baselines/normalized-inside.zip", to: "n.h5")
        let scaled = try tool("convert", directory("n.h5"), directory("c.h5"), "--to", "2.0")
        #expect(scaled.status == 1 && scaled.errors.contains("input"), "\(scaled.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("c.h5")))
    }

    @Test func trainingGoesOn() throws {
        try importing("stable-baselines/settings.zip", to: "a.h5")
        let started = try Program.run(
            "dqn-train", "--from", directory("a.h5"), "--out", directory("run"), "--steps", "200", "--eval-every", "0")
        #expect(started.status == 0 && started.errors.contains("carries over: parameters"), "\(started.errors)")
        #expect(!started.errors.contains("from 5 to 5"), "\(started.errors)")
        let first = try directory.checkpoint("run", 0)
        #expect(try first.online == Checkpoint(contentsOf: URL(filePath: directory("a.h5"))).online)
        for (key, value) in [
            ("learning_rate", JSONValue.number(1e-3)), ("batch_size", .integer(48)),
            ("network", .string("mlp:8,6+silu")),
        ] { #expect(first.configuration[key] == value, "\(key)") }
        try importing("weights.pth", to: "b.h5")
        let elsewhere = try Program.run(
            "dqn-train", "--from", directory("b.h5"), "--env", "Acrobot-v1", "--out", directory("c"), "--steps", "200")
        #expect(elsewhere.status == 64 && elsewhere.errors.contains("Acrobot-v1"), "\(elsewhere.errors)")
        // Layers with different activations have no description.
        try importing("weights.pth", to: "m.h5", "--map", "layers.0.activation=tanh")
        let mixed = try Program.run(
            "dqn-train", "--from", directory("m.h5"), "--out", directory("d"), "--steps", "200")
        #expect(mixed.status == 64 && mixed.errors.contains("no run can start from it"), "\(mixed.errors)")
    }

    /// Streams that share nothing, or differ, are those of most published networks.
    @Test(arguments: ["stable-baselines/ppo.zip", "names/cleanrl-ppo.pth", "published/ends.pth"])
    func trainingOfStreamsGoesOn(name: String) throws {
        try importing(name, to: "a.h5")
        let old = try Checkpoint(contentsOf: URL(filePath: directory("a.h5")))
        let started = try Program.run(
            "dqn-train", "--from", directory("a.h5"), "--out", directory("run"), "--steps", "200", "--eval-every", "0")
        #expect(started.status == 0, "\(started.errors)")
        let first = try directory.checkpoint("run", 0)
        #expect(first.architecture == old.architecture && first.online == old.online)
        let resumed = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "2000", "--schedule-steps", "2000")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try directory.newest("run").online != old.online)
    }

    /// The offsets and scales of single elements, which no setting describes, do not get lost.
    @Test func trainingGoesOnWithTheSameNetwork() throws {
        try importing("stable-baselines/normalized-inside.zip", to: "n.h5")
        let started = try Program.run(
            "dqn-train", "--from", directory("n.h5"), "--out", directory("run"), "--steps", "100", "--eval-every", "0")
        #expect(started.status == 0 && started.errors.contains("offset and scale"), "\(started.errors)")
        let old = try Checkpoint(contentsOf: URL(filePath: directory("n.h5")))
        let new = try directory.checkpoint("run", 0)
        #expect(old.architecture.inputOffset.count == 4 && new.architecture.inputOffset.isEmpty)
        let networks = try [old, new].map { try ReferenceNetwork($0.architecture, $0.online) }
        for observation in [[0.1, -0.2, 0.03, 0.4], [-1, 0.5, 0.1, -2]] as [[Float]] {
            let (first, second) = (networks[0].values(observation), networks[1].values(observation))
            #expect(zip(first, second).allSatisfy { abs($0 - $1) < 1e-4 * max(1, abs($0)) }, "\(first) \(second)")
        }
    }
}
