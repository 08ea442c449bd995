import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Logging
import Testing

/// `config.json`: programs and older versions read its keys.
@Suite struct RunDirectoryTests {
    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private func stored(_ directory: RunDirectory) throws -> JSONValue {
        let file = directory.url.appendingPathComponent("config.json")
        return try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file))
    }

    private func run(_ options: TrainingRun.Options, in directory: RunDirectory) throws {
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.assignments = ["network=mlp:4", "evaluation_interval=0"]
        let run = try TrainingRun(request.resolve(), options: options, in: directory, logger: silent)
        #expect(try run.run() == .completed)
    }

    @Test func storesOptionsUnderTheirKeysAndTimesInSeconds() throws {
        try withRunDirectory { directory in
            try run(
                .init(
                    steps: 10, saveEvery: 5, keep: 2, memoryLimit: 2_000_000_000, workerTimeout: .milliseconds(30_500)),
                in: directory)
            #expect(
                try stored(directory)["run"]
                    == .object([
                        "steps": .integer(10), "save_every": .integer(5), "keep": .integer(2),
                        "memory": .integer(2_000_000_000), "worker_timeout": .number(30.5),
                    ]))
            guard case .object(let members) = try stored(directory) else {
                Issue.record("config.json is not an object")
                return
            }
            #expect(Set(members.keys) == ["configuration", "run", "compute"])
        }
    }

    @Test func aResumeKeepsOptionsUnlessItChangesThem() throws {
        try withRunDirectory { directory in
            try run(.init(steps: 10, saveEvery: 0, keep: 2), in: directory)
            #expect(
                try stored(directory)["run"]
                    == .object(["steps": .integer(10), "save_every": .integer(0), "keep": .integer(2)]))
            _ = try TrainingRun(resuming: directory, steps: 20, workerTimeout: .seconds(7), logger: silent).run()
            #expect(
                try stored(directory)["run"]
                    == .object([
                        "steps": .integer(20), "save_every": .integer(0), "keep": .integer(2),
                        "worker_timeout": .integer(7),
                    ]))
        }
    }
}
