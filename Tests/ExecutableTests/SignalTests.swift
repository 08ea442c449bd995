import DQNCheckpoint
import Foundation
import Testing

/// Runs of two workers that are killed, interrupted, or interrupted twice.
@Suite struct SignalTests {
    /// A run without an end, saving every 200 steps.
    private func start(_ directory: TemporaryDirectory, _ arguments: [String]) throws -> Process {
        let process = try Program.start(
            "dqn-train", ["--out", directory("run"), "--steps", "100000000", "-q"] + tiny + arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Waits until something is so, for at most a minute: a program that hangs must fail the test, not hang it.
    private func wait(until isSo: () -> Bool) -> Bool {
        let deadline = Date().addingTimeInterval(60)
        while !isSo() {
            if Date() > deadline { return false }
            Thread.sleep(forTimeInterval: 0.01)
        }
        return true
    }

    /// Sends a signal and waits for the end, which is forced if need be.
    private func end(_ process: Process, with signal: Int32) {
        kill(process.processIdentifier, signal)
        if !wait(until: { !process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Whether the workers' own steps add up to the run's.
    private func expectWhole(_ checkpoint: Checkpoint) {
        #expect(checkpoint.workers.count == 2)
        #expect(checkpoint.workers.map(\.agentSteps).reduce(0, +) == checkpoint.counters.agentSteps)
        #expect(checkpoint.workers.allSatisfy { $0.status == .running })
    }

    private let two = ["--env", "CartPole-v1", "--workers", "2", "--save-every", "200"]

    @Test(arguments: ["async-dqn", "a3c"])
    func aKilledRunOfTwoWorkersGoesOnFromItsLastSave(method: String) throws {
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
        // No row twice, none left out.
        for name in ["metrics.csv", "workers.csv"] {
            let rows = try String(contentsOfFile: directory("run/\(name)"), encoding: .utf8).split(separator: "\n")
            let workers = name == "workers.csv" ? 2 : 1
            let found = rows.dropFirst().compactMap { Int($0.prefix { $0 != "," }) }.filter { $0 % 100 == 0 }
            #expect(
                found == stride(from: 100, through: steps, by: 100).flatMap { [Int](repeating: $0, count: workers) })
        }
    }

    @Test(arguments: [("async-dqn", SIGINT), ("async-nstep-q", SIGTERM)])
    func aSignalStopsBothWorkersSavesAndEndsWith130(method: String, signal: Int32) throws {
        let directory = try TemporaryDirectory()
        // No save is due before the signal, but for the one at the beginning.
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

    /// The first signal would save; the second ends the program before it has.
    @Test func aSecondSignalEndsTheProgramAtOnce() throws {
        let directory = try TemporaryDirectory()
        let process = try start(
            directory,
            [
                "--env", "MountainCar-v0", "--workers", "2", "--method", "async-dqn", "--set", "log_interval=99",
                "--eval-every", "100", "--eval-episodes", "100000",
            ])
        // One more step and the evaluation begins.
        #expect(wait { !process.isRunning || ((try? directory.metricsWithoutClock("run")) ?? []).count > 1 })
        Thread.sleep(forTimeInterval: 1)
        // Two kinds, so that the second is not merged into the first.
        kill(process.processIdentifier, SIGINT)
        end(process, with: SIGTERM)
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(directory.savedSteps("run") == [0], "what was saved before is all there is, and whole")
        #expect(try directory.newest("run").counters.agentSteps == 0)
    }

    /// The evaluation would take hours; it is broken off, and left to be made at the resume.
    @Test func aSignalDuringAnEvaluationSavesWithoutIt() throws {
        let directory = try TemporaryDirectory()
        let process = try start(
            directory,
            [
                "--env", "MountainCar-v0", "--workers", "2", "--method", "async-dqn", "--set", "log_interval=99",
                "--eval-every", "100", "--eval-episodes", "100000",
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
