import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Logging
import Testing

/// What a run logs is printable for any log handler: a checkpoint's texts reach the user through it.
@Suite struct PrintableLogTests {
    @Test func aCheckpointsTextIsLoggedEscaped() throws {
        try withRunDirectory { directory in
            let log = RecordedLog()
            let logger = Logger(label: "test") { _ in log }
            var request = ConfigurationRequest()
            request.environment = "CartPole-v1"
            request.method = "async-q"
            request.steps = 20
            request.assignments = ["evaluation_interval=0"]
            // The run releases its directory when it is released itself.
            do {
                let run = try TrainingRun(
                    request.resolve(), options: .init(steps: 10, saveEvery: 0, keep: 3), in: directory, logger: logger)
                _ = try run.run()
            }
            // A damaged file of a hostile name is named in the log, with the reason.
            let file = directory.checkpoints.appendingPathComponent("step-000000000015.h5")
            var checkpoint = try Checkpoint(
                contentsOf: directory.checkpoints.appendingPathComponent("step-000000000010.h5"))
            checkpoint.optimizer?.kind = "adam\u{1B}[2J\n\u{202E}"
            try checkpoint.write(to: file)
            _ = try TrainingRun(resuming: directory, steps: 20, logger: logger)
            #expect(!log.messages.isEmpty)
            for message in log.messages {
                #expect(!message.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" }, "\(message)")
            }
        }
    }
}
