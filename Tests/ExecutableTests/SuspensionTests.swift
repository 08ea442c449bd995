import DQNCheckpoint
import Foundation
import Testing

/// Suspends and continues runs and their environments' processes (Ctrl-Z, SIGSTOP, a sleeping laptop): no time limit
/// counts time in which a process could not run.
@Suite(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
struct SuspensionTests {
    /// A run that has saved once, with time limits that a suspension of six seconds would exceed.
    private final class Run {
        let directory: TemporaryDirectory
        let process: Process

        init(_ arguments: [String]) throws {
            directory = try TemporaryDirectory()
            process = try Program.start(
                "dqn-train",
                [
                    "--env", "gym:CartPole-v1", "--steps", "100000000", "--save-every", "200", "--out",
                    directory("run"), "-q", "--env-timeout", "3", "--worker-timeout", "3",
                ] + tiny + arguments)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try errors()
            try process.run()
            #expect(wait { !self.process.isRunning || self.directory.savedSteps("run").contains { $0 >= 200 } })
        }

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        private func errors() throws -> FileHandle {
            _ = FileManager.default.createFile(atPath: directory("errors"), contents: nil)
            return try #require(FileHandle(forWritingAtPath: directory("errors")))
        }

        var message: String { (try? String(contentsOfFile: directory("errors"), encoding: .utf8)) ?? "" }

        /// The Python processes of the run's environments.
        func environments() throws -> [Int32] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { entry in
                guard let number = Int32(entry),
                    let text = try? String(contentsOfFile: "/proc/\(entry)/stat", encoding: .utf8),
                    let name = text.lastIndex(of: ")")
                else { return nil }
                // After the name: the state and the parent.
                let fields = text[name...].split(separator: " ")
                return fields.count > 2 && Int32(fields[2]) == process.processIdentifier ? number : nil
            }
        }

        /// Waits up to a minute for a condition.
        func wait(until isSo: () -> Bool) -> Bool {
            for _ in 0..<6000 {
                if isSo() { return true }
                usleep(10_000)
            }
            return false
        }

        /// Checks that the run takes more steps, and ends it.
        func expectProgress() throws {
            let saved = directory.savedSteps("run").last ?? 0
            #expect(wait { !process.isRunning || directory.savedSteps("run").last ?? 0 > saved + 200 })
            #expect(process.isRunning, "\(message)")
            kill(process.processIdentifier, SIGINT)
            #expect(wait { !process.isRunning })
            #expect(process.terminationStatus == 130, "\(message)")
        }
    }

    @Test(
        "A suspension does not count as time that anybody has taken",
        arguments: [(true, false, ["dqn"]), (false, true, ["async-dqn", "--workers", "2"]), (true, true, ["dqn"])])
    func suspension(trainer: Bool, environments: Bool, method: [String]) throws {
        let run = try Run(["--method"] + method)
        let processes =
            (trainer ? [run.process.processIdentifier] : []) + (environments ? try run.environments() : [])
        #expect(processes.count >= (environments ? method.count == 1 ? 1 : 2 : 1))
        for process in processes { kill(process, SIGSTOP) }
        usleep(6_500_000)
        for process in processes { kill(process, SIGCONT) }
        try run.expectProgress()
    }

    @Test("An interruption continues stopped environments, so that the run can save")
    func interruption() throws {
        let run = try Run(["--method", "async-dqn", "--workers", "2"])
        for process in try run.environments() { kill(process, SIGSTOP) }
        usleep(500_000)
        kill(run.process.processIdentifier, SIGINT)
        #expect(run.wait { !run.process.isRunning })
        #expect(run.process.terminationStatus == 130, "\(run.message)")
        let checkpoint = try run.directory.newest("run")
        #expect(checkpoint.workers.allSatisfy { $0.status == .running && $0.environment != nil })
    }
}
