import DQNCheckpoint
import DQNModel
import Foundation
import PluginBuilding
import Testing

/// Runs plug-ins in C through the real programs.
@Suite struct PluginTests {
    @Test func interruptedRunWithAPluginResumesExactly() throws {
        let library = try CompiledPlugin.gridWorld().path
        let directory = try TemporaryDirectory()
        for (run, name, network, steps, cuts) in [
            ("vector", "GridWorld-v0?slip=0.2,size=6", "mlp:16,16", 900, [1, 101, 300, 437]),
            ("pixels", "GridWorldPixels-v0", "conv:8k4s4/fc16", 420, [205]),
        ] {
            let arguments =
                ["--env", "plugin:\(library):\(name)", "--schedule-steps", "\(steps)", "-q"] + tiny
                + ["--set", "network=\(network)"]
            var result = try Program.run(
                "dqn-train", arguments + ["--steps", "\(steps)", "--out", directory("\(run)-whole")])
            #expect(result.status == 0, "\(result.errors)")
            let whole = try directory.checkpointData("\(run)-whole", steps)
            for cut in cuts {
                let part = "\(run)-\(cut)"
                result = try Program.run("dqn-train", arguments + ["--steps", "\(cut)", "--out", directory(part)])
                #expect(result.status == 0, "\(result.errors)")
                result = try Program.run("dqn-train", "--resume", directory(part), "--steps", "\(steps)", "-q")
                #expect(result.status == 0, "\(result.errors)")
                #expect(try directory.checkpointData(part, steps) == whole, "\(name) cut at \(cut)")
            }
            result = try Program.run("dqn-play", directory("\(run)-whole"), "--episodes", "2", "--json")
            #expect(result.status == 0 && result.output.contains("\"environment\" : \"plugin:\(library):\(name)\""))
        }
        let state = try #require(
            try directory.checkpoint("vector-whole", 900).workers.first?.environment)
        #expect(state.kind == "GridWorld-v0" && state.version == 1)
        try #expect(state.uint8("plugin", count: 12).count == 12)
    }

    @Test func killedRunWithAPluginResumesExactly() throws {
        let library = try CompiledPlugin.gridWorld().path
        let directory = try TemporaryDirectory()
        let arguments =
            ["--env", "plugin:\(library):GridWorld-v0", "--steps", "20000", "--save-every", "300", "-q"] + tiny
        _ = try Program.run("dqn-train", arguments + ["--out", directory("whole")])
        let process = try Program.start("dqn-train", arguments + ["--out", directory("killed")])
        try process.run()
        let deadline = Date().addingTimeInterval(60)
        while directory.savedSteps("killed").isEmpty, process.isRunning, Date() < deadline { usleep(1_000) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let saved = try #require(directory.savedSteps("killed").last)
        #expect(saved < 20_000)
        let result = try Program.run("dqn-train", "--resume", directory("killed"), "-q")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("killed", 20_000) == directory.checkpointData("whole", 20_000))
    }

    @Test func findsAMovedLibraryInThePluginPath() throws {
        let library = try CompiledPlugin.gridWorld()
        let directory = try TemporaryDirectory()
        let first = directory.url.appendingPathComponent("first")
        let second = directory.url.appendingPathComponent("second")
        for folder in [first, second] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(at: library, to: first.appendingPathComponent("grid.so"))
        let id = "plugin:\(first.path)/grid.so:GridWorld-v0"
        var result = try Program.run(
            "dqn-train", ["--env", id, "--steps", "150", "-q", "--out", directory("run")] + tiny)
        #expect(result.status == 0, "\(result.errors)")
        try FileManager.default.moveItem(
            at: first.appendingPathComponent("grid.so"), to: second.appendingPathComponent("grid.so"))

        for (program, arguments) in [
            ("dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"]),
            ("dqn-play", [directory("run"), "--episodes", "1", "-q"]),
        ] {
            result = try Program.run(program, arguments)
            #expect(result.status == 66)
            #expect(result.errorLine?.contains("There is no plug-in '\(first.path)/grid.so'") == true)
            #expect(result.errorLine?.contains("DQN_PLUGIN_PATH") == true)
            let shell = "export DQN_PLUGIN_PATH=/nowhere:'\(second.path)'"
            result = try Program.run(program, arguments, shell: shell)
            #expect(result.status == 77, "\(result.errors)")
            #expect(result.errorLine?.contains("the library '\(second.path)/grid.so'") == true, "\(result.errors)")
            result = try Program.run(program, arguments + ["--trust-environment"], shell: shell)
            #expect(result.status == 0, "\(result.errors)")
        }
        result = try Program.run(
            "dqn-play", directory("run"), "--env", "plugin:\(second.path)/grid.so:GridWorld-v0", "--episodes", "1", "-q"
        )
        #expect(result.status == 0, "\(result.errors)")
        // A run keeps its environment.
        result = try Program.run("dqn-train", "--resume", directory("run"), "--env", id)
        #expect(result.status == 64 && result.errors.contains("--env cannot be combined with --resume"))
    }

    @Test func refusesALibraryWithOtherShapes() throws {
        let directory = try TemporaryDirectory()
        let library = directory.url.appendingPathComponent("changing.so")
        try FileManager.default.copyItem(at: try CompiledPlugin.misbehaving(), to: library)
        var result = try Program.run(
            "dqn-train",
            ["--env", "plugin:\(library.path):Sound-v0", "--steps", "150", "-q", "--out", directory("run")] + tiny)
        #expect(result.status == 0, "\(result.errors)")
        try FileManager.default.removeItem(at: library)
        try FileManager.default.copyItem(at: try CompiledPlugin.misbehaving(15), to: library)
        result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "300", "-q", "--trust-environment")
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("The checkpoint's network differs from the one") == true, "\(result.errors)")
        #expect(
            result.errorLine?.contains(
                #/: 4 float32 → fc16, fc16 → 2 actions in the checkpoint, \d+ float32 → fc16, fc16 → \d+ actions now\. Restore/#
            )
                == true, "\(result.errors)")
        result = try Program.run("dqn-play", directory("run"), "--episodes", "1", "-q", "--trust-environment")
        #expect(result.status == 64)
        #expect(result.errorLine?.contains("needs observations of shape [4] and 2 actions") == true, "\(result.errors)")
        #expect(result.errorLine?.contains("Use the plug-in that it was trained with.") == true)
    }

    @Test func readingACheckpointNeedsNoLibrary() throws {
        let directory = try TemporaryDirectory()
        let copy = directory.url.appendingPathComponent("grid.so")
        try FileManager.default.copyItem(at: try CompiledPlugin.gridWorld(), to: copy)
        var result = try Program.run(
            "dqn-train",
            ["--env", "plugin:\(copy.path):GridWorld-v0", "--steps", "150", "-q", "--out", directory("run")] + tiny)
        #expect(result.status == 0, "\(result.errors)")
        try FileManager.default.removeItem(at: copy)
        let file = directory.checkpointURL("run", 150).path
        result = try Program.run("dqn-checkpoint", "verify", file)
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run("dqn-checkpoint", "show", file)
        #expect(result.output.contains("plugin:\(copy.path):GridWorld-v0"))
    }

    @Test func pluginWithoutSnapshotsStartsANewEpisode() throws {
        let library = try CompiledPlugin.misbehaving().path
        let directory = try TemporaryDirectory()
        var result = try Program.run(
            "dqn-train",
            ["--env", "plugin:\(library):Plain-v0", "--steps", "150", "-q", "--out", directory("run")] + tiny
                + ["--eval-every", "0"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpoint("run", 150).workers.first?.environment == nil)
        result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "200")
        #expect(result.status == 0)
        #expect(result.errors.contains("worker 0 starts a new episode"))
    }

    @Test func refusesInvalidPluginsInOneLine() throws {
        let library = try CompiledPlugin.misbehaving(2).path
        for (arguments, status, words) in [
            (["--env", "plugin:\(library):Sound-v0"], 1, "has version 99 of the interface"),
            (["--env", "plugin:/nowhere.so"], 66, "There is no plug-in '/nowhere.so'"),
            (["--env", "plugin:"], 64, "write plugin:PATH:NAME"),
            (
                ["--env", "plugin:\(try CompiledPlugin.gridWorld().path):GridWorld-v1"], 64,
                "did you mean 'GridWorld-v0'?"
            ),
        ] as [([String], Int32, String)] {
            let result = try Program.run("dqn-train", arguments + ["--print-config"])
            #expect(result.status == status && result.output.isEmpty)
            #expect(result.errorLine?.contains(words) == true, "\(result.errors)")
        }
    }
}
