import Foundation
import PluginBuilding
import Testing

/// Nobody can make a user run code by sending a checkpoint or a run's directory.
@Suite struct TrustTests {
    /// A run with somebody else's plug-in, whose loading leaves a mark.
    private final class Stranger {
        let directory: TemporaryDirectory
        let library: String
        private let mark: String

        /// The stranger's own user has named the plug-in.
        init() throws {
            directory = try TemporaryDirectory()
            let folder = directory.url.resolvingSymlinksInPath()
            library = folder.appendingPathComponent("evil.so").path
            mark = folder.appendingPathComponent("mark").path
            try CompiledPlugin.leavingMark(URL(filePath: mark), at: URL(filePath: library))
            let result = try run(
                "dqn-train",
                ["--env", "plugin:\(library):GridWorld-v0", "--steps", "150", "-q", "--out", directory("run")] + tiny,
                user: "stranger")
            #expect(result.status == 0, "\(result.errors)")
            #expect(takeMark())
        }

        func run(_ program: String, _ arguments: [String], user: String) throws -> Program.Result {
            try Program.run(program, arguments, shell: "export XDG_STATE_HOME='\(directory("state-\(user)"))'")
        }

        /// Whether the library has been loaded since the last call.
        func takeMark() -> Bool { (try? FileManager.default.removeItem(atPath: mark)) != nil }
    }

    @Test func noProgramLoadsALibraryThatAFileNames() throws {
        let stranger = try Stranger()
        let directory = stranger.directory
        let configuration = directory("run/config.json")
        for (program, arguments, mayName) in [
            ("dqn-play", [directory("run"), "--episodes", "1"], true),
            ("dqn-play", [directory("run"), "--episodes", "1", "--json"], true),
            (
                "dqn-play",
                [directory.checkpointURL("run", 150).path, "--episodes", "1", "--record", directory("x.gif")], true
            ),
            ("dqn-play", [directory("run"), "--episodes", "1", "--env-set", "size=6"], true),
            ("dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"], false),
            ("dqn-train", ["--from", directory("run"), "--steps", "300", "-q", "--out", directory("new")], true),
            ("dqn-train", ["--config", configuration, "--steps", "300", "-q", "--out", directory("new")], true),
            ("dqn-train", ["--config", configuration, "--print-config"], true),
            ("dqn-train", ["--from", directory("run"), "--print-config", "--env-set", "size=6"], true),
        ] {
            let result = try stranger.run(program, arguments, user: "victim")
            #expect(result.status == 77, "\(arguments): \(result.errors)")
            #expect(result.output == "", "\(arguments)")
            let line = result.errorLine ?? ""
            #expect(line.hasPrefix("\(program): The environment 'plugin:"), "\(result.errors)")
            #expect(line.contains("would load the library '\(stranger.library)'"), "\(line)")
            #expect(line.contains("--trust-environment") && line.contains("--env") == mayName, "\(line)")
            #expect(!stranger.takeMark(), "\(arguments)")
            #expect(!FileManager.default.fileExists(atPath: directory("new")))
        }
        // Nothing was changed in the run that was refused.
        let result = try stranger.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"], user: "stranger")
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func theUsersWordAllowsIt() throws {
        let stranger = try Stranger()
        let directory = stranger.directory
        let play = [directory("run"), "--episodes", "1", "-q"]
        var result = try stranger.run("dqn-play", play + ["--trust-environment"], user: "victim")
        #expect(result.status == 0 && stranger.takeMark(), "\(result.errors)")
        // That was for this time alone.
        result = try stranger.run("dqn-play", play, user: "victim")
        #expect(result.status == 77 && !stranger.takeMark(), "\(result.errors)")
        result = try stranger.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "200", "-q", "--trust-environment"], user: "victim")
        #expect(result.status == 0 && stranger.takeMark(), "\(result.errors)")
        result = try stranger.run("dqn-train", ["--resume", directory("run"), "--steps", "250", "-q"], user: "victim")
        #expect(result.status == 77 && !stranger.takeMark(), "\(result.errors)")
        // Naming it is remembered.
        result = try stranger.run(
            "dqn-play", play + ["--env", "plugin:\(stranger.library):GridWorld-v0"], user: "victim")
        #expect(result.status == 0 && stranger.takeMark(), "\(result.errors)")
        for (program, arguments) in [
            ("dqn-play", play), ("dqn-play", play + ["--env-set", "size=5"]),
            ("dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"]),
            ("dqn-train", ["--from", directory("run"), "--steps", "100", "-q", "--out", directory("own")]),
        ] {
            result = try stranger.run(program, arguments, user: "victim")
            #expect(result.status == 0 || arguments.contains("size=5"), "\(arguments): \(result.errors)")
            #expect(result.status != 77 && stranger.takeMark(), "\(arguments): \(result.errors)")
        }
    }

    @Test func anotherLibraryAtTheSamePlaceIsAnother() throws {
        let stranger = try Stranger()
        let directory = stranger.directory
        let resume = ["--resume", directory("run"), "--steps", "300", "-q"]
        var bytes = try Data(contentsOf: URL(filePath: stranger.library))
        bytes.append(0)
        try FileManager.default.removeItem(atPath: stranger.library)
        try bytes.write(to: URL(filePath: stranger.library))
        var result = try stranger.run("dqn-train", resume, user: "stranger")
        #expect(result.status == 77 && !stranger.takeMark(), "\(result.errors)")
        #expect(
            result.errorLine?.contains("not what you have allowed before ('\(stranger.library)' has changed)") == true)
        // The user's word renews what was named before.
        result = try stranger.run("dqn-train", resume + ["--trust-environment"], user: "stranger")
        #expect(result.status == 0 && stranger.takeMark(), "\(result.errors)")
        result = try stranger.run("dqn-play", [directory("run"), "--episodes", "1", "-q"], user: "stranger")
        #expect(result.status == 0 && stranger.takeMark(), "\(result.errors)")
    }

    @Test func anotherLibraryThatThePluginLoadsIsAnother() throws {
        let directory = try TemporaryDirectory()
        let folder = directory.url.resolvingSymlinksInPath()
        let (part, whole) = (folder.appendingPathComponent("part.so"), folder.appendingPathComponent("whole.so"))
        let mark = folder.appendingPathComponent("mark")
        try CompiledPlugin.leavingMark(mark, at: part)
        try CompiledPlugin.linking(part, at: whole)
        let state = "export XDG_STATE_HOME='\(directory("state"))'"
        var result = try Program.run(
            "dqn-train",
            ["--env", "plugin:\(whole.path):GridWorld-v0", "--steps", "150", "-q", "--out", directory("run")] + tiny,
            shell: state)
        #expect(result.status == 0, "\(result.errors)")
        #expect((try? FileManager.default.removeItem(at: mark)) != nil)
        try CompiledPlugin.leavingMark(folder.appendingPathComponent("other"), at: part)
        result = try Program.run("dqn-play", [directory("run"), "--episodes", "1"], shell: state)
        #expect(result.status == 77, "\(result.errors)")
        #expect(result.errorLine?.contains("'\(part.path)' has changed") == true, "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("other").path))
    }

    @Test func withoutAHomeTheProgramsSaySo() throws {
        let directory = try TemporaryDirectory()
        let library = try CompiledPlugin.gridWorld().path
        let shell = "unset HOME XDG_STATE_HOME"
        var result = try Program.run(
            "dqn-train",
            ["--env", "plugin:\(library):GridWorld-v0", "--steps", "150", "-q", "--out", directory("run")] + tiny,
            shell: shell)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errorLine?.contains("neither HOME nor XDG_STATE_HOME is set") == true, "\(result.errors)")
        result = try Program.run("dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"], shell: shell)
        #expect(result.status == 77, "\(result.errors)")
        #expect(result.errors.contains("neither HOME nor XDG_STATE_HOME is set"), "\(result.errors)")
    }

    @Test func environmentsWithoutCodeNeedNoWord() throws {
        let directory = try TemporaryDirectory()
        let shell = "unset HOME XDG_STATE_HOME"
        var result = try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "150", "--schedule-steps", "400", "-q", "--out", directory("run")]
                + tiny + ["--eval-every", "100"],
            shell: shell)
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
        result = try Program.run("dqn-train", ["--resume", directory("run"), "--steps", "200", "-q"], shell: shell)
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
        result = try Program.run("dqn-play", [directory("run"), "--episodes", "1", "-q"], shell: shell)
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    }
}
