import DQNCheckpoint
import Foundation
import Testing

/// Signals that arrive several times, are ignored or ask only for a save.
extension SignalTests {
    private static let endless = ["--env", "CartPole-v1", "--save-every", "0", "--eval-every", "0"]

    private func waitForRows(_ process: Process, _ directory: TemporaryDirectory, _ count: Int = 3) {
        #expect(wait { !process.isRunning || ((try? directory.metricsWithoutClock("run")) ?? []).count > count })
        #expect(process.isRunning)
    }

    /// `timeout` and most schedulers signal the process and its group, and some send two kinds.
    @Test(arguments: [[SIGTERM, SIGTERM], [SIGTERM, SIGHUP, SIGTERM], [SIGUSR1, SIGINT]])
    func signalsWithinASecondAreOne(signals: [Int32]) throws {
        let directory = try TemporaryDirectory()
        let process = try start(directory, Self.endless + ["--set", "network=mlp:512,512"])
        waitForRows(process, directory)
        for signal in signals {
            kill(process.processIdentifier, signal)
            usleep(20_000)
        }
        end(process, with: signals[0])
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(try directory.newest("run").counters.agentSteps >= 300)
    }

    /// The system repeats SIGXCPU every second of processor time, however long the save takes.
    @Test func theLimitOnProcessorTimeEndsARunOnce() throws {
        let directory = try TemporaryDirectory()
        let process = try start(
            directory,
            [
                "--env", "MountainCar-v0", "--save-every", "0", "--set", "log_interval=99", "--eval-every", "100",
                "--eval-episodes", "100000", "--set", "network=mlp:512,512",
            ])
        waitForRows(process, directory, 1)
        // The evaluation keeps the run busy for five more seconds.
        for _ in 0..<3 {
            kill(process.processIdentifier, SIGXCPU)
            Thread.sleep(forTimeInterval: 0.7)
        }
        #expect(process.isRunning)
        end(process, with: SIGXCPU)
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(try directory.newest("run").counters.agentSteps == 100)
    }

    /// `ulimit -t` sets both limits, and the system sends no SIGXCPU where they are equal.
    @Test func aHardLimitOnProcessorTimeEndsARunWithASave() throws {
        let directory = try TemporaryDirectory()
        let arguments = Self.endless + ["--out", directory("run"), "--steps", "100000000", "-q"] + tiny.dropLast(4)
        let words = ([Program.executable("dqn-train").path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "ulimit -t 4; exec \(words)"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        if !wait(until: { !process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(try directory.newest("run").counters.agentSteps > 0)
    }

    @Test func anIgnoredHangUpStaysIgnored() throws {
        let directory = try TemporaryDirectory()
        let arguments = Self.endless + ["--out", directory("run"), "--steps", "100000000", "-q"] + tiny.dropLast(4)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let words = ([Program.executable("dqn-train").path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        process.arguments = ["-c", "trap '' HUP; exec \(words)"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        waitForRows(process, directory)
        kill(process.processIdentifier, SIGHUP)
        let rows = try directory.metricsWithoutClock("run").count
        waitForRows(process, directory, rows + 5)
        end(process, with: SIGTERM)
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    }

    /// A run that has saved on request ends in the same bytes as one that has not.
    @Test func aRequestedSaveDoesNotEndTheRun() throws {
        let directory = try TemporaryDirectory()
        // Large enough to take a second.
        let arguments =
            ["--env", "CartPole-v1", "--save-every", "0", "--steps", "4500", "-q"] + tiny + [
                "--set", "network=mlp:512,512",
            ]
        let process = try Program.start(
            "dqn-train", arguments + ["--out", directory("run"), "--save-on-signal", "sigusr1"])
        try process.run()
        waitForRows(process, directory)
        let before = Set(directory.savedSteps("run"))
        kill(process.processIdentifier, SIGUSR1)
        usleep(20_000)
        kill(process.processIdentifier, SIGUSR1)
        var saved: Set<Int> = []
        #expect(
            wait {
                saved = Set(directory.savedSteps("run")).subtracting(before)
                return !process.isRunning || saved.contains { $0 % 300 != 0 }
            })
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        let result = try Program.run("dqn-train", arguments + ["--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("run", 4500) == directory.checkpointData("whole", 4500))
        #expect(try directory.metricsWithoutClock("run") == directory.metricsWithoutClock("whole"))
        // One request, one file besides those of the run itself.
        let more = Set(directory.savedSteps("run")).subtracting(directory.savedSteps("whole"))
        #expect(more.count <= 1 && !saved.isEmpty, "\(saved) \(more)")
    }

    @Test func refusesUnknownSignalsAndLimits() throws {
        let directory = try TemporaryDirectory()
        let all = ["INT", "TERM", "HUP", "USR1", "USR2", "XCPU"].flatMap { ["--save-on-signal", $0] }
        for arguments in [["--save-on-signal", "KILL"], ["--time-limit", "0"], ["--time-limit", "soon"], all] {
            let result = try Program.run(
                "dqn-train", ["--env", "CartPole-v1", "--out", directory("run")] + arguments)
            #expect(result.status == 64, "\(arguments): \(result.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: directory("run")))
    }

    /// A signal before the first step leaves a run that resumes, or none.
    @Test(arguments: [0, 1, 2, 3, 4])
    func anEarlySignalLeavesARunThatContinues(attempt: Int) throws {
        let directory = try TemporaryDirectory()
        let arguments = Self.endless + ["--out", directory("run"), "-q"] + tiny.dropLast(4)
        let process = try Program.start("dqn-train", arguments + ["--steps", "100000000"])
        try process.run()
        usleep(UInt32(20_000 * (attempt + 1)))
        end(process, with: SIGTERM)
        // Before its first instruction, the program does not handle signals.
        if process.terminationReason == .exit { #expect(process.terminationStatus == 130) }
        let saved = directory.savedSteps("run").last
        let next =
            try saved.map { try Program.run("dqn-train", "--resume", directory("run"), "--steps", "\($0 + 100)", "-q") }
            ?? Program.run("dqn-train", arguments + ["--steps", "100"])
        #expect(next.status == 0, "\(next.errors)")
        #expect(directory.savedSteps("run").last == (saved ?? 0) + 100)
    }

    @Test func theTimeLimitEndsRunsAndResumes() throws {
        let directory = try TemporaryDirectory()
        let arguments = Self.endless + ["--out", directory("run"), "--steps", "100000000"] + tiny.dropLast(4)
        var result = try Program.run("dqn-train", arguments + ["--time-limit", "3", "--json"])
        #expect(result.status == 130, "\(result.errors)")
        #expect(result.output.contains(#""interrupted_by" : "time_limit""#), "\(result.output)")
        let steps = try directory.newest("run").counters.agentSteps
        #expect(steps > 0)
        result = try Program.run("dqn-train", "--resume", directory("run"), "--time-limit", "0-00:00:03")
        #expect(result.status == 130 && result.output.hasPrefix("time limit reached at step"), "\(result.errors)")
        #expect(try directory.newest("run").counters.agentSteps > steps)
        // The limit belongs to the process, not to the run.
        result = try Program.run(
            "dqn-train", "--resume", directory("run"), "--steps", "\(steps * 3)", "--time-limit", "unlimited", "-q")
        #expect([0, 64].contains(result.status), "\(result.errors)")
    }
}
