import ArgumentParser
import DQN
import DQNCommandLine
import Foundation
import Logging
import Testing

/// The flags of `dqn-train` as an option group of another command, by public API alone.
@Suite struct TrainOptionsTests {
    private struct Study: ParsableCommand {
        @Option var repetitions = 1
        @OptionGroup var training: TrainOptions
    }

    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func settings(_ arguments: [String]) throws -> TrainSettings {
        try Study.parse(arguments).training.settings(logger: logger)
    }

    @Test func describesANewRunAndAResumedOne() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "dqn-options-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let new = try settings([
            "--env", "CartPole-v1", "--repetitions", "3", "--steps", "150", "--schedule-steps", "400", "--seed", "7",
            "--set", "network=mlp:8", "--set", "learning_starts=100", "--eval-every", "0", "--out", folder.path,
        ])
        let configuration = try #require(new.configuration)
        #expect(configuration.environment == "CartPole-v1" && configuration.json["seed"] == .integer(7))
        #expect(configuration.scheduleSteps == 400 && configuration.network == "mlp:8")
        #expect(new.directory.url.path == folder.path && !FileManager.default.fileExists(atPath: folder.path))
        // A run holds its directory's lock as long as it lives.
        do {
            let run = try new.makeRun(logger: logger)
            #expect(try run.run() == .completed)
            #expect(run.trainer.counters.agentSteps == 150)
        }

        let resumed = try settings(["--resume", folder.path, "--steps", "200"])
        #expect(resumed.configuration == nil && resumed.directory.url.path == folder.path)
        let continued = try resumed.makeRun(logger: logger)
        #expect(continued.trainer.counters.agentSteps == 150)
        #expect(try continued.run() == .completed)
        #expect(continued.trainer.counters.agentSteps == 200)
    }

    @Test func theParameterStoreIsTheCallers() throws {
        struct NoStore: Error {}
        let folder = FileManager.default.temporaryDirectory.appending(path: "dqn-options-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let new = try settings(["--env", "CartPole-v1", "--steps", "10", "--out", folder.path])
        let error = #expect(throws: TrainingError.self) {
            try new.makeRun(makeStore: { _, _, _ in throw NoStore() }, logger: logger)
        }
        #expect(error?.underlying is NoStore || "\(error as Any)".contains("NoStore"))
    }

    @Test(arguments: [
        (["--resume", "runs/a", "--env", "CartPole-v1"], "--env cannot be combined with --resume"),
        (["--resume", "runs/a", "--set", "learning_rate=1"], "--set cannot be combined with --resume"),
        (["--env", "CartPole-v1", "--steps", "0"], "--steps 0 is too small; the minimum is 1"),
        (["--env-set", "a=1"], "--env-set requires --env"), (["--which", "best"], "--which requires --from"),
        (["--worker-timeout", "-1"], "--worker-timeout"),
    ])
    func refusesWhatDqnTrainRefuses(arguments: [String], words: String) {
        do {
            _ = try Study.parse(arguments)
            Issue.record("\(arguments) are accepted")
        } catch {
            #expect(Study.exitCode(for: error).rawValue == 64)
            #expect(Study.message(for: error).contains(words), "\(Study.message(for: error))")
        }
    }
}
