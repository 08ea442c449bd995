import DQNCheckpoint
import Foundation
import Testing

/// Kills runs of two workers, and interrupts them once or twice.
@Suite struct SignalTests {
    /// Starts an endless run that saves every 200 steps.
    func start(_ directory: TemporaryDirectory, _ arguments: [String]) throws -> Process {
        let process = try Program.start(
            "dqn-train", ["--out", directory("run"), "--steps", "100000000", "-q"] + tiny + arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Waits up to a minute for a condition, so that a program that hangs fails the test.
    func wait(until isSo: () -> Bool) -> Bool {
        let deadline = Date().addingTimeInterval(60)
        while !isSo() {
            if Date() > deadline { return false }
            Thread.sleep(forTimeInterval: 0.01)
        }
        return true
    }

    /// Sends a signal and waits for the end; kills the program if necessary.
    func end(_ process: Process, with signal: Int32) {
        kill(process.processIdentifier, signal)
        if !wait(until: { !process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Checks that the workers' steps add up to the run's steps.
    private func expectWhole(_ checkpoint: Checkpoint) {
        #expect(checkpoint.workers.count == 2)
        #expect(checkpoint.workers.map(\.agentSteps).reduce(0, +) == checkpoint.counters.agentSteps)
        #expect(checkpoint.workers.allSatisfy { $0.status == .running })
    }

    private let two = ["--env", "CartPole-v1", "--workers", "2", "--save-every", "200"]

    @Test(arguments: ["async-dqn", "a3c"])
    func killedRunOfTwoWorkersResumesFromItsLastCheckpoint(method: String) throws {
        let directory = try TemporaryDirectory()
        let process = try start(directory, two + ["--method", method])
        #expect(wait { !process.isRunning || directory.savedSteps("run").contains { $0 >= 600 } })
        end(process, with: SIGKILL)
        #expect(process.terminationReason == .uncaughtSignal)
        let saved = try #require(directory.savedSteps("run").last)
        let steps = saved + 350
        let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "\(steps)", "-q")
        #expect(result.status == 0, "\(result.errors)")
        let checkpoint = try directory.newest("run")
        #expect(checkpoint.counters.agentSteps == steps)
        expectWhole(checkpoint)
        // No row is missing or duplicated.
        for name in ["metrics.csv", "workers.csv"] {
            let rows = try String(contentsOfFile: directory("run/\(name)"), encoding: .utf8).split(separator: "\n")
            let workers = name == "workers.csv" ? 2 : 1
            let found = rows.dropFirst().compactMap { Int($0.prefix { $0 != "," }) }.filter { $0 % 100 == 0 }
            #expect(
                found == stride(from: 100, through: steps, by: 100).flatMap { [Int](repeating: $0, count: workers) })
        }
    }

    @Test(arguments: [
        ("async-dqn", SIGINT), ("async-nstep-q", SIGTERM), ("async-q", SIGHUP), ("async-q", SIGUSR1),
        ("async-q", SIGUSR2),
        ("a3c", SIGXCPU),
    ])
    func signalStopsBothWorkersSavesAndExitsWith130(method: String, signal: Int32) throws {
        let directory = try TemporaryDirectory()
        // Only the first checkpoint is due before the signal.
        let process = try start(
            directory,
            ["--env", "CartPole-v1", "--workers", "2", "--save-every", "0", "--eval-every", "0", "--method", method])
        #expect(
            wait {
                !process.isRunning || ((try? directory.metricsWithoutClock("run")) ?? []).count > 3
            })
        end(process, with: signal)
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        let checkpoint = try directory.newest("run")
        #expect(checkpoint.counters.agentSteps >= 300)
        expectWhole(checkpoint)
        let steps = checkpoint.counters.agentSteps + 150
        let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "\(steps)", "-q")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.newest("run").counters.agentSteps == steps)
    }

    /// The second signal ends the program before the first has saved.
    @Test func secondSignalEndsTheProgramAtOnce() throws {
        let directory = try TemporaryDirectory()
        let process = try start(
            directory,
            [
                "--env", "MountainCar-v0", "--workers", "2", "--method", "async-dqn", "--set", "log_interval=99",
                "--eval-every", "100", "--eval-episodes", "100000", "--set", "network=mlp:512,512",
            ])
        // The evaluation begins after one more step.
        #expect(wait { !process.isRunning || ((try? directory.metricsWithoutClock("run")) ?? []).count > 1 })
        Thread.sleep(forTimeInterval: 1)
        kill(process.processIdentifier, SIGINT)
        // Earlier it would be the same request.
        Thread.sleep(forTimeInterval: 1.2)
        end(process, with: SIGTERM)
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(directory.savedSteps("run") == [0], "only the complete earlier checkpoint exists")
        #expect(try directory.newest("run").counters.agentSteps == 0)
    }

    /// The evaluation would take hours. The signal stops it, and a resume repeats it.
    @Test func signalDuringAnEvaluationSavesWithoutIt() throws {
        let directory = try TemporaryDirectory()
        let process = try start(
            directory,
            [
                "--env", "MountainCar-v0", "--workers", "2", "--method", "async-dqn", "--set", "log_interval=99",
                "--eval-every", "100", "--eval-episodes", "100000", "--set", "network=mlp:512,512",
            ])
        #expect(wait { !process.isRunning || ((try? directory.metricsWithoutClock("run")) ?? []).count > 1 })
        Thread.sleep(forTimeInterval: 1)
        end(process, with: SIGINT)
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        let newest = try directory.newest("run")
        #expect(newest.counters.agentSteps == 100)
        #expect(newest.counters.evaluations == 0 && newest.evaluation == nil)
    }
}
