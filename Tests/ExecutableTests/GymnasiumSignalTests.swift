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
