import DQNCheckpoint
import Foundation
import Testing

/// Schedulers signal every process of a job, those of the environments too.
@Suite(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
struct GymnasiumSignalTests {
    @Test(arguments: [SIGTERM, SIGINT, SIGUSR1])
    func aSignalToAllProcessesLosesNothing(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        let arguments =
            ["--env", "gym:CartPole-v1", "--schedule-steps", "1000000", "-q", "--save-every", "0"] + tiny
            + ["--eval-every", "0"]
        let process = try Program.start(
            "dqn-train", arguments + ["--steps", "1000000", "--out", directory("cut")])
        try process.run()
        let deadline = Date().addingTimeInterval(60)
        while ((try? directory.metricsWithoutClock("cut")) ?? []).count < 4, process.isRunning, Date() < deadline {
            usleep(5_000)
        }
        let children = children(of: process.processIdentifier)
        #expect(!children.isEmpty)
        for child in children { kill(child, signal) }
        kill(process.processIdentifier, signal)
        while process.isRunning, Date() < deadline { usleep(5_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        // The environment's state is saved too: the resumed run is that of an uninterrupted one.
        let steps = try directory.newest("cut").counters.agentSteps + 200
        var result = try Program.run("dqn-train", "--resume", directory("cut"), "--steps", "\(steps)", "-q")
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run("dqn-train", arguments + ["--steps", "\(steps)", "--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("cut", steps) == directory.checkpointData("whole", steps))
    }

    /// Starts a program, and signals it once it hangs in a step.
    private func interrupt(
        _ program: String, _ arguments: [String], _ signal: Int32, hasStarted: () -> Bool
    ) throws -> (process: Process, seconds: Double) {
        let process = try Program.start(program, arguments + ["--python-path", Program.modules])
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let deadline = Date().addingTimeInterval(120)
        while !hasStarted(), process.isRunning, Date() < deadline { usleep(5_000) }
        sleep(1)
        let start = Date()
        kill(process.processIdentifier, signal)
        while process.isRunning, Date() < deadline { usleep(5_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return (process, Date().timeIntervalSince(start))
    }

    /// A step that never ends does not keep an interruption from saving.
    @Test(arguments: [(SIGTERM, 1), (SIGINT, 3)])
    func aHangingStepIsGivenUpSoon(signal: Int32, environments: Int) throws {
        let directory = try TemporaryDirectory()
        let patience = ["--env-timeout", "1000"]
        let (process, seconds) = try interrupt(
            "dqn-train",
            ["--env", "gym:dqn_test_environments:Sleeper-v0", "--steps", "2000", "-q", "--out", directory("run")]
                + ["--set", "environments_per_worker=\(environments)", "--worker-timeout", "2000"] + patience + tiny,
            signal, hasStarted: { !directory.savedSteps("run").isEmpty })
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(seconds < 60, "\(seconds) s")
        let play = try interrupt(
            "dqn-play", [directory("run"), "--episodes", "1", "--trace", directory("trace")] + patience, signal,
            hasStarted: { FileManager.default.fileExists(atPath: directory("trace")) })
        #expect(play.process.terminationReason == .exit && play.process.terminationStatus == 130)
        #expect(play.seconds < 60, "\(play.seconds) s")
        #expect(Verifier.verify(directory.checkpointURL("run", directory.savedSteps("run").last ?? 0)).isValid)
    }

    /// A request to save waits for a step, however long it takes.
    @Test func aSlowStepIsNotGivenUpForASave() throws {
        let directory = try TemporaryDirectory()
        let module = """
            import gymnasium, os, time
            from gymnasium.envs.classic_control import CartPoleEnv

            class Dozer(CartPoleEnv):
                def step(self, action):
                    self.count = getattr(self, "count", 0) + 1
                    if self.count == 40:
                        open(os.environ["DQN_TEST_MARK"], "w").close()
                        time.sleep(5)
                    return super().step(action)

            gymnasium.register("Dozer-v0", Dozer, 100)
            """
        try Data(module.utf8).write(to: directory.url.appendingPathComponent("dozing.py"))
        let process = try Program.start(
            "dqn-train",
            [
                "--env", "gym:dozing:Dozer-v0", "--steps", "80", "-q", "--out", directory("run"), "--save-on-signal",
                "USR1", "--python-path", directory.path, "--eval-every", "0",
            ] + tiny, environment: ["DQN_TEST_MARK": directory("mark")])
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        while !FileManager.default.fileExists(atPath: directory("mark")), process.isRunning { usleep(5_000) }
        kill(process.processIdentifier, SIGUSR1)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(directory.savedSteps("run").last == 80)
    }

    /// Without room for its descriptors, Python's installation is not to blame.
    @Test func aLimitOfOpenFilesIsNamed() throws {
        var errors: [String] = []
        for limit in stride(from: 8, to: 26, by: 2) {
            let result = try Program.run(
                "dqn-train", ["--env", "gym:CartPole-v1", "--print-config"], shell: "ulimit -n \(limit)")
            errors.append(result.errors)
        }
        let limited = errors.filter { $0.contains("Too many open files") }
        #expect(limited.contains { $0.contains("raise the limit with ulimit -n") }, "\(errors)")
        #expect(!limited.contains { $0.contains("setup-gymnasium") }, "\(limited)")
    }

    private func children(of parent: Int32) -> [Int32] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { Int32($0) }.filter { process in
            // The second field, the name, may contain spaces; the parent is the second one after it.
            guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat"),
                let rest = String(decoding: data, as: UTF8.self).split(separator: ")").last
            else { return false }
            return rest.split(separator: " ").dropFirst().first.flatMap { Int32($0) } == parent
        }
    }
}
