import DQNEnvironments
import Foundation
import Testing

/// The process of a Gymnasium environment imports nothing from where one merely stands.
@Suite(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
struct PythonIsolationTests {
    /// Names that Python, Gymnasium and our own scripts import.
    private static let names = [
        "numpy", "gymnasium", "random", "json", "site", "sitecustomize", "usercustomize", "socket", "gymnasium_values",
        "ale_py", "minatar",
    ]

    /// Writes modules that leave a mark if somebody imports them.
    private func writeTraps(_ directory: TemporaryDirectory, _ folder: String) throws {
        let url = directory.url.appendingPathComponent(folder)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let trap = "open('\(directory("mark"))', 'a').write(__name__ + '\\n')\nraise ImportError(__name__)\n"
        for name in Self.names { try Data(trap.utf8).write(to: url.appendingPathComponent("\(name).py")) }
        try Data("import numpy\n".utf8).write(to: url.appendingPathComponent("a.pth"))
    }

    private func mark(_ directory: TemporaryDirectory) -> String {
        (try? String(contentsOfFile: directory("mark"), encoding: .utf8)) ?? ""
    }

    private func run(_ directory: TemporaryDirectory, _ name: String) -> [String] {
        ["--env", "gym:CartPole-v1", "--steps", "20", "--schedule-steps", "40", "-q", "--out", directory(name)]
            + ["--eval-every", "0"] + tiny
    }

    @Test(arguments: ["", "PYTHONPATH=", "PYTHONPATH=.", "PYTHONPATH=$PWD", "PYTHONHOME=.", "PYTHONSTARTUP=numpy.py"])
    func nothingComesFromTheWorkingDirectory(variable: String) throws {
        let directory = try TemporaryDirectory()
        try writeTraps(directory, "here")
        // The interpreter is asked for no more than a program's end.
        let shell = "cd '\(directory("here"))'; export PYTHONINSPECT=1 \(variable)"
        var result = try Program.run("dqn-train", run(directory, "run"), shell: shell)
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run("dqn-play", [directory("run"), "--episodes", "1", "--max-steps", "5"], shell: shell)
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run("dqn-train", ["--resume", directory("run"), "--steps", "40", "-q"], shell: shell)
        #expect(result.status == 0, "\(result.errors)")
        #expect(mark(directory) == "")
    }

    /// Writes modules with an environment whose reset starts another process with `multiprocessing`.
    private func writeModules(_ folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let module = """
            import multiprocessing
            import gymnasium
            import numpy

            def child(size):
                import random
                return numpy.zeros(size).sum() + random.Random(1).random()

            class Spawner(gymnasium.Env):
                action_space = gymnasium.spaces.Discrete(2)
                observation_space = gymnasium.spaces.Box(0.0, 1.0, (2,), numpy.float32)

                def reset(self, *, seed=None, options=None):
                    super().reset(seed=seed)
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        pool.map(child, [2])
                    return numpy.zeros(2, numpy.float32), {}

                def step(self, action):
                    return numpy.zeros(2, numpy.float32), 1.0, False, False, {}

            gymnasium.register("Spawner-v0", Spawner)
            """
        try Data(module.utf8).write(to: folder.appendingPathComponent("spawning.py"))
    }

    @Test func ownModulesComeFromThePythonPath() throws {
        let directory = try TemporaryDirectory()
        try writeTraps(directory, "here")
        try writeModules(directory.url.appendingPathComponent("modules"))
        let shell = "cd '\(directory("here"))'"
        let arguments =
            ["--env", "gym:spawning:Spawner-v0", "--steps", "20", "-q", "--out", directory("run"), "--eval-every", "0"]
            + tiny
        var result = try Program.run("dqn-train", arguments, shell: shell)
        #expect(result.status == 1 && result.errorLine?.contains("--python-path DIR") == true, "\(result.errors)")
        // A relative path is one of this command line alone.
        result = try Program.run("dqn-train", arguments, shell: shell, modules: "../modules")
        #expect(result.status == 0, "\(result.errors)")
        // A run does not store it.
        let resume = ["--resume", directory("run"), "--steps", "40", "-q"]
        result = try Program.run("dqn-train", resume, shell: shell)
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errorLine?.contains("'spawning'") == true, "\(result.errors)")
        #expect(result.errorLine?.contains("--python-path DIR, also at a resume") == true, "\(result.errors)")
        result = try Program.run("dqn-train", resume, shell: shell, modules: directory("modules"))
        #expect(result.status == 0, "\(result.errors)")
        #expect(mark(directory) == "")
    }

    @Test(arguments: [
        ("", Int32(64), "--python-path is empty"), ("nowhere", 66, "there is no directory"), ("f", 66, "is a file"),
    ])
    func thePythonPathMustBeADirectory(path: String, status: Int32, words: String) throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: directory.url.appendingPathComponent("f"))
        let result = try Program.run(
            "dqn-train", run(directory, "run"), shell: "cd '\(directory.path)'", modules: path)
        #expect(result.status == status && result.errorLine?.contains(words) == true, "\(result.errors)")
    }

    /// Somebody may have put another program into a cache beside a module.
    @Test func cachesOfOwnModulesAreNeitherReadNorWritten() throws {
        let directory = try TemporaryDirectory()
        let modules = directory.url.appendingPathComponent("modules")
        try FileManager.default.createDirectory(at: modules, withIntermediateDirectories: true)
        let trap = directory.url.appendingPathComponent("trap.py")
        try Data("open('\(directory("mark"))', 'w').write('cached')\n".utf8).write(to: trap)
        let source = modules.appendingPathComponent("still.py").path
        let compile = Process()
        compile.executableURL = URL(filePath: try GymnasiumSettings().locatePython())
        compile.arguments = [
            "-c",
            """
            import importlib.util, py_compile, sys
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            for cache in (importlib.util.cache_from_source(sys.argv[2]), sys.argv[3]):
                py_compile.compile(sys.argv[1], cache, invalidation_mode=mode, doraise=True)
            """, trap.path, source, modules.appendingPathComponent("bare.pyc").path,
        ]
        try compile.run()
        compile.waitUntilExit()
        #expect(compile.terminationStatus == 0)
        let cache = try FileManager.default.contentsOfDirectory(atPath: modules.path + "/__pycache__")
        #expect(cache.count == 1)
        let module = """
            import gymnasium
            import other
            gymnasium.register("Still-v0", "gymnasium.envs.classic_control:CartPoleEnv", other.LIMIT)
            """
        try Data(module.utf8).write(to: URL(filePath: source))
        try Data("LIMIT = 50\n".utf8).write(to: modules.appendingPathComponent("other.py"))
        let arguments = ["--steps", "20", "-q", "--eval-every", "0"] + tiny
        var result = try Program.run(
            "dqn-train", ["--env", "gym:still:Still-v0", "--out", directory("run")] + arguments,
            modules: modules.path)
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run(
            "dqn-train", ["--env", "gym:bare:Bare-v0", "--out", directory("bare")] + arguments, modules: modules.path)
        #expect(result.status == 1 && result.errors.contains("bare.pyc has no source"), "\(result.errors)")
        #expect(mark(directory) == "")
        #expect(try FileManager.default.contentsOfDirectory(atPath: modules.path + "/__pycache__") == cache)
    }

    /// A program that lies outside the repository, and a Python that leaves a mark.
    @Test func noPythonIsFoundWhereOneStands() throws {
        let directory = try TemporaryDirectory()
        let files = FileManager.default
        for folder in ["here", "away"] {
            try files.createDirectory(
                atPath: directory("\(folder)/.venv-gymnasium/bin"), withIntermediateDirectories: true)
            let python = directory("\(folder)/.venv-gymnasium/bin/python")
            try Data("#!/bin/sh\necho \(folder) >> '\(directory("mark"))'\nexit 1\n".utf8).write(
                to: URL(filePath: python))
            chmod(python, 0o755)
        }
        try files.createDirectory(atPath: directory("away/bin"), withIntermediateDirectories: true)
        let program = directory("away/bin/dqn-train")
        try files.copyItem(at: Program.executable("dqn-train"), to: URL(filePath: program))
        func start(_ more: String) throws -> Program.Result {
            try Program.run(
                "dqn-train", run(directory, "run"), shell: "cd '\(directory("here"))'; \(more)", at: program)
        }
        var result = try start("unset DQN_PYTHON VIRTUAL_ENV")
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errorLine?.contains("No Python for Gymnasium found") == true, "\(result.errors)")
        #expect(result.errorLine?.contains("of the current directory is not used") == true, "\(result.errors)")
        #expect(mark(directory) == "")
        // Not in a repository that others can write to.
        try Data().write(to: URL(filePath: directory("away/Package.swift")))
        chmod(directory("away"), 0o777)
        result = try start("unset DQN_PYTHON VIRTUAL_ENV")
        #expect(result.errorLine?.contains("No Python for Gymnasium found") == true, "\(result.errors)")
        #expect(mark(directory) == "")
        chmod(directory("away"), 0o755)
        _ = try start("unset DQN_PYTHON VIRTUAL_ENV")
        #expect(mark(directory) == "away\n")
        try files.removeItem(atPath: directory("away/Package.swift"))
        // An activated virtual environment is the user's word.
        let python = try GymnasiumSettings().locatePython()
        let folder = URL(filePath: python).deletingLastPathComponent().deletingLastPathComponent().path
        result = try start("unset DQN_PYTHON; export VIRTUAL_ENV='\(folder)'")
        #expect(result.status == 0, "\(result.errors)")
        result = try start("unset DQN_PYTHON; export VIRTUAL_ENV='.'")
        #expect(result.status == 1, "\(result.errors)")
        #expect(mark(directory) == "away\n")
    }
}
