import DQNEnvironments
import Foundation
import Testing

/// Python modules that a file names are loaded only if this user has named them, and unchanged.
@Suite(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
struct ModuleTrustTests {
    /// A run in an environment of one's own modules, each of which leaves a mark when it is executed.
    private final class Modules {
        let directory: TemporaryDirectory
        let folder: URL
        private let marks: URL

        init() throws {
            directory = try TemporaryDirectory()
            folder = directory.url.resolvingSymlinksInPath().appendingPathComponent("modules")
            marks = directory.url.resolvingSymlinksInPath().appendingPathComponent("marks")
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("parts"), withIntermediateDirectories: true)
            try FileManager.default.createDirectory(at: marks, withIntermediateDirectories: true)
            try write(
                "evil_ring.py",
                """
                import gymnasium
                import numpy
                from parts import sizes

                class Ring(gymnasium.Env):
                    action_space = gymnasium.spaces.Discrete(2)
                    observation_space = gymnasium.spaces.Box(0.0, 1.0, (2,), numpy.float32)

                    def __init__(self, size=4):
                        self.place, self.size = 0, size

                    def reset(self, *, seed=None, options=None):
                        super().reset(seed=seed)
                        from parts import later
                        self.place = later.START
                        return self.look(), {}

                    def look(self):
                        return numpy.array([self.place / sizes.SIZE, 1.0], numpy.float32)

                    def step(self, action):
                        self.place += 1
                        return self.look(), float(action), self.place >= sizes.SIZE, False, {}

                gymnasium.register("Ring-v0", Ring)
                """)
            try write("parts/__init__.py", "")
            try write("parts/sizes.py", "SIZE = 64")
            try write("parts/later.py", "START = 1")
            let result = try train(
                [
                    "--env", "gym:evil_ring:Ring-v0", "--steps", "150", "--schedule-steps", "400", "--out",
                    directory("run"),
                ]
                    + tiny + ["--eval-every", "100"], user: "owner")
            #expect(result.status == 0 && result.errors == "", "\(result.errors)")
            #expect(takeMarks() == ["evil_ring.py", "parts-__init__.py", "parts-later.py", "parts-sizes.py"])
        }

        /// Writes a module that leaves a mark.
        func write(_ name: String, _ text: String) throws {
            let mark = marks.appendingPathComponent(name.replacingOccurrences(of: "/", with: "-")).path
            try Data("open('\(mark)', 'w').close()\n\(text)\n".utf8).write(to: folder.appendingPathComponent(name))
        }

        func takeMarks() -> [String] {
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: marks.path)) ?? []).sorted()
            for name in names { try? FileManager.default.removeItem(at: marks.appendingPathComponent(name)) }
            return names
        }

        func run(_ program: String, _ arguments: [String], user: String) throws -> Program.Result {
            try Program.run(
                program, arguments + ["-q", "--python-path", folder.path],
                shell: "export PYTHONDONTWRITEBYTECODE=1 XDG_STATE_HOME='\(directory("state-\(user)"))'")
        }

        func train(_ arguments: [String], user: String) throws -> Program.Result {
            try run("dqn-train", arguments, user: user)
        }
    }

    @Test func noProgramImportsAModuleThatAFileNames() throws {
        let modules = try Modules()
        let directory = modules.directory
        let file = "\(modules.folder.path)/evil_ring.py"
        for (program, arguments) in [
            ("dqn-play", [directory("run"), "--episodes", "1"]),
            ("dqn-train", ["--resume", directory("run"), "--steps", "300"]),
            ("dqn-train", ["--from", directory("run"), "--steps", "300", "--out", directory("new")]),
            ("dqn-train", ["--config", directory("run/config.json"), "--steps", "300", "--out", directory("new")]),
        ] {
            let result = try modules.run(program, arguments, user: "victim")
            #expect(result.status == 77, "\(arguments): \(result.errors)")
            let line = result.errorLine ?? ""
            #expect(line.contains("would load the Python module 'evil_ring' (\(file))"), "\(result.errors)")
            #expect(line.contains("--trust-environment"), "\(line)")
            #expect(modules.takeMarks() == [], "\(arguments)")
        }
        var result = try modules.train(
            ["--resume", directory("run"), "--steps", "200", "--trust-environment"], user: "victim")
        #expect(result.status == 0, "\(result.errors)")
        #expect(modules.takeMarks().count == 4)
        result = try modules.run(
            "dqn-play", [directory("run"), "--episodes", "1", "--env", "gym:evil_ring:Ring-v0"], user: "victim")
        #expect(result.status == 0, "\(result.errors)")
        result = try modules.run("dqn-play", [directory("run"), "--episodes", "1"], user: "victim")
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func whatTheUserHasNamedIsLoadedUnlessItChanges() throws {
        let modules = try Modules()
        let play = [modules.directory("run"), "--episodes", "1"]
        func check(_ file: String?, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
            _ = modules.takeMarks()
            let result = try modules.run("dqn-play", play, user: "owner")
            #expect(result.status == (file == nil ? 0 : 77), "\(result.errors)", sourceLocation: sourceLocation)
            if let file {
                let text = "'\(modules.folder.path)/\(file)' \(words)"
                #expect(result.errorLine?.contains(text) == true, "\(result.errors)", sourceLocation: sourceLocation)
                let mark = file.replacingOccurrences(of: "/", with: "-")
                #expect(!modules.takeMarks().contains(mark), sourceLocation: sourceLocation)
            }
        }
        try check(nil, "")
        // A new file that comes before an installed package, or before a file that was named.
        try modules.write("numpy.py", "")
        try check("numpy.py", "is new")
        try FileManager.default.removeItem(at: modules.folder.appendingPathComponent("numpy.py"))
        try FileManager.default.createDirectory(
            at: modules.folder.appendingPathComponent("evil_ring"), withIntermediateDirectories: true)
        try modules.write("evil_ring/__init__.py", "")
        try check("evil_ring/__init__.py", "is new")
        try FileManager.default.removeItem(at: modules.folder.appendingPathComponent("evil_ring"))
        // Data of its own, and modules that it does not import, are no code of it.
        try modules.write("unused.py", "")
        try check(nil, "")
        try modules.write("parts/later.py", "START = 2")
        try check("parts/later.py", "has changed")
        try FileManager.default.removeItem(at: modules.folder.appendingPathComponent("parts/later.py"))
        try check("parts/later.py", "is gone")
    }

    /// Modules whose names no `import` statement states.
    @Test(arguments: [("reset", 0), ("step", 77)]) func modulesMayBeLoadedLater(method: String, status: Int32) throws {
        let modules = try Modules()
        let base = """
            import importlib
            import evil_ring

            class Late(evil_ring.Ring):
                def \(method)(self, *arguments, **options):
                    importlib.import_module("parts." + "hidden")
                    return super().\(method)(*arguments, **options)

            evil_ring.gymnasium.register("Late-v0", Late)
            """
        try modules.write("late_ring.py", base)
        try modules.write("parts/hidden.py", "")
        let name = ["--env", "gym:late_ring:Late-v0", "--episodes", "1"]
        let run = modules.directory("run")
        var result = try modules.run("dqn-play", [run] + name, user: "owner")
        #expect(result.status == 0 && modules.takeMarks().contains("parts-hidden.py"), "\(result.errors)")
        result = try modules.train(
            ["--from", run, "--env", "gym:late_ring:Late-v0", "--steps", "100", "--eval-every", "50", "--out"]
                + [modules.directory("late")], user: "owner")
        #expect(result.status == 0, "\(result.errors)")
        _ = modules.takeMarks()
        for (program, arguments) in [
            ("dqn-play", [modules.directory("late"), "--episodes", "1"]),
            ("dqn-train", ["--resume", modules.directory("late"), "--steps", "200", "--schedule-steps", "200"]),
        ] {
            result = try modules.run(program, arguments, user: "owner")
            #expect(result.status == status, "\(arguments): \(result.errors)")
            #expect(modules.takeMarks().contains("parts-hidden.py") == (status == 0))
            let words =
                "was about to run a file that you have not allowed ('\(modules.folder.path)/parts/hidden.py' is new)"
            #expect(result.errors.contains(words) == (status == 77), "\(result.errors)")
        }
    }

    /// Such as the file of a world.
    @Test func aFileThatAnOptionNamesMustNotChange() throws {
        let modules = try Modules()
        let world = modules.folder.appendingPathComponent("world.txt")
        try Data("flat".utf8).write(to: world)
        let run = modules.directory("world")
        var result = try modules.train(
            ["--env", "gym:evil_ring:Ring-v0?size=\(world.path)", "--steps", "100", "--out", run] + tiny
                + ["--eval-every", "50"], user: "owner")
        #expect(result.status == 0, "\(result.errors)")
        result = try modules.run("dqn-play", [run, "--episodes", "1"], user: "owner")
        #expect(result.status == 0, "\(result.errors)")
        try Data("round".utf8).write(to: world)
        result = try modules.run("dqn-play", [run, "--episodes", "1"], user: "owner")
        #expect(result.status == 77, "\(result.errors)")
        #expect(result.errorLine?.contains("'\(world.path)' has changed") == true, "\(result.errors)")
    }

    /// Another project may have modules of the same names.
    @Test func theSameNamesElsewhereAreOthers() throws {
        let (modules, other) = (try Modules(), try Modules())
        let play = [modules.directory("run"), "--episodes", "1", "-q", "--python-path"]
        let state = "export XDG_STATE_HOME='\(modules.directory("state-owner"))'"
        let file = "\(other.folder.path)/evil_ring.py"
        var result = try Program.run("dqn-play", play + [other.folder.path], shell: state)
        #expect(result.status == 77, "\(result.errors)")
        #expect(result.errorLine?.contains("(\(file)) and run its code") == true, "\(result.errors)")
        #expect(result.errorLine?.contains("'\(file)' is new") == true, "\(result.errors)")
        #expect(other.takeMarks() == [])
        result = try Program.run("dqn-play", play + [other.folder.path, "--trust-environment"], shell: state)
        #expect(result.status == 0 && other.takeMarks().count == 4, "\(result.errors)")
        // That was for this time alone: the user has named others.
        result = try Program.run("dqn-play", play + [other.folder.path], shell: state)
        #expect(result.status == 77 && other.takeMarks() == [], "\(result.errors)")
        // More directories change nothing if the same files are loaded.
        let more = modules.directory("more")
        try FileManager.default.createDirectory(atPath: more, withIntermediateDirectories: true)
        result = try Program.run(
            "dqn-play", play + [more, "--python-path", modules.folder.path], shell: state)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func cachesOfBytecodeCountForNothing() throws {
        let modules = try Modules()
        // Bytecode of another program for the unchanged source.
        let folder = modules.folder.path
        let script = """
            import importlib.util, os, py_compile
            source = '\(folder)/parts/sizes.py'
            other = '\(folder)/other.py'
            text = open(source).read().replace('SIZE = 64', 'SIZE = 32').replace('parts-sizes.py', 'parts-other.py')
            open(other, 'w').write(text)
            status = os.stat(source)
            os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
            cache = importlib.util.cache_from_source(source)
            py_compile.compile(other, cfile=cache, dfile=source, doraise=True)
            os.remove(other)
            """
        let python = try GymnasiumSettings().locatePython()
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-I", "-c", script]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        _ = modules.takeMarks()
        let result = try modules.run("dqn-play", [modules.directory("run"), "--episodes", "1"], user: "owner")
        #expect(result.status == 0, "\(result.errors)")
        #expect(modules.takeMarks() == ["evil_ring.py", "parts-__init__.py", "parts-later.py", "parts-sizes.py"])
    }
}
