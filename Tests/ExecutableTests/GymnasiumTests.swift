import DQNCheckpoint
import DQNEnvironments
import Foundation
import Testing

/// What the programs' Python has.
enum InstalledPython {
    /// Whether the Python that the programs find has a module.
    static func has(_ module: String) -> Bool {
        guard let python = try? GymnasiumEnvironment.python() else { return false }
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", "import \(module)"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

/// Runs in Gymnasium's environments through the real programs.
@Suite(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
struct GymnasiumTests {
    @Test(arguments: [[], ["--method", "async-dqn"], ["--method", "a3c"]])
    func aRunCutAnywhereEndsInTheSameBytes(method: [String]) throws {
        let directory = try TemporaryDirectory()
        let settings = method.contains("a3c") ? ["--set", "network=mlp:16,16", "--eval-every", "300"] : tiny
        let arguments = ["--env", "gym:CartPole-v1", "--schedule-steps", "900", "-q"] + method + settings
        var result = try Program.run("dqn-train", arguments + ["--steps", "900", "--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        for cut in [1, 437] {
            result = try Program.run("dqn-train", arguments + ["--steps", "\(cut)", "--out", directory("cut\(cut)")])
            #expect(result.status == 0, "\(result.errors)")
            result = try Program.run("dqn-train", "--resume", directory("cut\(cut)"), "--steps", "900", "-q")
            #expect(result.status == 0, "\(result.errors)")
            #expect(try directory.checkpointData("cut\(cut)", 900) == directory.checkpointData("whole", 900), "\(cut)")
            #expect(try directory.metricsWithoutClock("cut\(cut)") == directory.metricsWithoutClock("whole"), "\(cut)")
        }
        result = try Program.run("dqn-play", directory("whole"), "--episodes", "2", "--json")
        #expect(result.status == 0 && result.output.contains("gym:CartPole-v1"), "\(result.errors)")
    }

    @Test func aKilledTrainerLeavesNoProcessBehindAndResumes() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:CartPole-v1", "--steps", "4000", "--save-every", "100", "-q"] + tiny
        var result = try Program.run("dqn-train", arguments + ["--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        // A Python that is this test's own: its path tells its processes apart.
        let python = directory("python")
        let script = "#!/bin/sh\nexec '\(try GymnasiumEnvironment.python())' \"$@\" '\(directory.path)'\n"
        try script.write(toFile: python, atomically: true, encoding: .utf8)
        chmod(python, 0o755)
        let process = try Program.start(
            "dqn-train", arguments + ["--out", directory("killed"), "--python", python])
        try process.run()
        while directory.savedSteps("killed").isEmpty, process.isRunning { usleep(5_000) }
        let running = processes(naming: directory.path)
        #expect(running > 1)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        var left = processes(naming: directory.path)
        for _ in 0..<1000 where left > 0 {
            usleep(10_000)
            left = processes(naming: directory.path)
        }
        #expect(left == 0)
        result = try Program.run("dqn-train", "--resume", directory("killed"), "-q", "--python", python)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("killed", 4000) == directory.checkpointData("whole", 4000))
    }

    /// Processes that have a text among their arguments; on Linux alone, 0 elsewhere.
    private func processes(naming text: String) -> Int {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { entry in
            guard Int(entry) != nil, let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline")
            else { return false }
            return String(decoding: data, as: UTF8.self).contains(text)
        }.count
    }

    @Test func aRunWhoseEnvironmentDiesIsSavedAndSaysSo() throws {
        let directory = try TemporaryDirectory()
        let process = try Program.start(
            "dqn-train",
            ["--env", "gym:dqn_test_environments:Quitter-v0", "--steps", "2000", "--out", directory("run")] + tiny,
            environment: ["PYTHONPATH": Self.modules])
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(text.contains("ended with exit code 7; its last words were: out of here"), "\(text)")
    }

    @Test(.enabled(if: InstalledPython.has("Box2D"), "Scripts/setup-gymnasium installs Box2D"))
    func anEnvironmentThatCannotTellItsStateResumesWithANewEpisode() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:LunarLander-v3", "--out", directory("run"), "--steps", "500"] + tiny
        var result = try Program.run("dqn-train", arguments)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.newest("run").workers.first?.environment == nil)
        result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "900")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("worker 0 begins a new episode"), "\(result.errors)")
        result = try Program.run("dqn-play", directory("run"), "--episodes", "1", "--max-steps", "50")
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func aPythonThatIsNotThereIsOneLine() throws {
        let result = try Program.run("dqn-train", "--env", "gym:CartPole-v1", "--python", "/nowhere/python")
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("run Scripts/setup-gymnasium") == true, "\(result.errors)")
    }

    private static let modules = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/gymnasium").path
}
