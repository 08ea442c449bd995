import DQNCheckpoint
import DQNModel
import Foundation
import PluginBuilding
import Testing

/// An edited environment is noticed at a resume: restored attributes would hide the edit.
@Suite struct EnvironmentSourceTests {
    private static let change = "the source of the environment"

    /// Writes a module of environments that uses two others, one of them only once it is reset.
    private func writeModules(_ folder: URL) throws {
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("parts"), withIntermediateDirectories: true)
        let files = [
            "ring_world.py": """
            import gymnasium
            import numpy
            from parts.sizes import SIZE

            class Ring(gymnasium.Env):
                action_space = gymnasium.spaces.Discrete(2)
                observation_space = gymnasium.spaces.Box(0.0, 1.0, (2,), numpy.float32)

                def __init__(self):
                    self.size, self.place = SIZE, 0

                def reset(self, *, seed=None, options=None):
                    super().reset(seed=seed)
                    from parts import later
                    self.place = later.START
                    return self.look(), {}

                def look(self):
                    return numpy.array([self.place / self.size, 1.0], numpy.float32)

                def step(self, action):
                    self.place += 1
                    return self.look(), float(action), self.place >= self.size, False, {}

            gymnasium.register("Ring-v0", Ring)
            """,
            "parts/__init__.py": "", "parts/sizes.py": "SIZE = 64\n", "parts/later.py": "START = 1\n",
            "unused.py": "nothing = 0\n",
        ]
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
    }

    private func train(_ directory: TemporaryDirectory, _ arguments: [String]) throws -> Program.Result {
        try Program.run("dqn-train", arguments + ["-q"], modules: directory("modules"))
    }

    private func abandoned(_ directory: TemporaryDirectory, _ run: String) throws -> Int {
        let rows = try String(contentsOfFile: directory("\(run)/metrics.csv"), encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let column = try #require(rows.first?.firstIndex(of: "rollout/abandoned_episodes"))
        return rows.dropFirst().reduce(0) { $0 + (Int($1[column]) ?? 0) }
    }

    @Test(
        .enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"),
        arguments: [
            ("ring_world.py", "changed: ring_world"), ("parts/sizes.py", "changed: parts.sizes"),
            ("parts/later.py", "changed: parts.later"), ("parts/__init__.py", "changed: parts"), ("unused.py", nil),
        ])
    func anEditedModuleAbandonsTheEpisode(file: String, words: String?) throws {
        let directory = try TemporaryDirectory()
        let modules = directory.url.appendingPathComponent("modules")
        try writeModules(modules)
        var result = try train(
            directory,
            ["--env", "gym:ring_world:Ring-v0", "--steps", "150", "--schedule-steps", "400", "--out", directory("run")]
                + tiny + ["--eval-every", "100"])
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
        let handle = try FileHandle(forWritingTo: modules.appendingPathComponent(file))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\n# an edit\n".utf8))
        try handle.close()
        let resume = ["--resume", directory("run"), "--steps", "250"]
        if let words {
            // The edited module is not what the user has named.
            result = try train(directory, resume)
            #expect(result.status == 77, "\(result.errors)")
            #expect(
                result.errorLine?.contains("'\(modules.path)/\(file)' has changed") == true,
                "\(words): \(result.errors)")
        }
        result = try Program.run(
            "dqn-play", [directory("run"), "--episodes", "1", "-q"] + (words == nil ? [] : ["--trust-environment"]),
            modules: modules.path)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("\(Self.change) 'gym:ring_world:Ring-v0' has changed") == (words != nil))
        // The user's word has renewed what was named before.
        result = try train(directory, resume)
        #expect(result.status == 0, "\(result.errors)")
        if let words {
            #expect(result.errors.contains(Self.change) && result.errors.contains("(\(words))"), "\(result.errors)")
        } else {
            #expect(result.errors == "", "\(result.errors)")
        }
        #expect(try abandoned(directory, "run") == (words == nil ? 0 : 1))
        // The new source is the run's own now.
        result = try train(directory, ["--resume", directory("run"), "--steps", "300"])
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    }

    @Test(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
    func installedPackagesHaveVersionsInstead() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run(
            "dqn-train", ["--env", "gym:CartPole-v1", "--steps", "10", "-q", "--out", directory("run")] + tiny)
        #expect(result.status == 0, "\(result.errors)")
        let group = try #require(
            directory.newest("run").extensions.first { $0.owner == "org.swift-dqn.environment" })
        #expect(Set(group.state.values.keys) == ["gymnasium", "package", "specification", "wrappers"])
    }

    @Test(arguments: [1, 2]) func anotherPluginFileAbandonsTheEpisodes(environments: Int) throws {
        let directory = try TemporaryDirectory()
        let library = directory.url.appendingPathComponent("grid.so")
        try FileManager.default.copyItem(at: CompiledPlugin.gridWorld(), to: library)
        var result = try Program.run(
            "dqn-train",
            [
                "--env", "plugin:\(library.path):GridWorld-v0", "--steps", "150", "--schedule-steps", "400", "-q",
                "--out",
                directory("run"), "--set", "environments_per_worker=\(environments)",
            ] + tiny + ["--eval-every", "100"])
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
        var bytes = try Data(contentsOf: library)
        bytes.append(0)
        try FileManager.default.removeItem(at: library)
        try bytes.write(to: library)
        result = try Program.run(
            "dqn-play", directory("run"), "--episodes", "1", "-q", "--trust-environment")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains(Self.change), "\(result.errors)")
        #expect(result.errors.contains("(the file of the plug-in is another one): the policy was"), "\(result.errors)")
        result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "250", "-q")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains(Self.change), "\(result.errors)")
        #expect(result.errors.contains("the file of the plug-in is another one"), "\(result.errors)")
        #expect(try abandoned(directory, "run") == environments)
        result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "300", "-q")
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    }
}
