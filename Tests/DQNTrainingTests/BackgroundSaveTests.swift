import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Testing

/// Saves in the background while training continues.
struct BackgroundSaveTests {
    private func trainer(_ method: String, _ settings: [String]) throws -> Trainer {
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.method = method
        request.assignments = ["network=mlp:16,16", "log_interval=50", "evaluation_interval=0"] + settings
        return try Trainer(request.resolve())
    }

    private func folder(_ name: String, in parent: URL) throws -> URL {
        let url = parent.appendingPathComponent(name, isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    /// Training that continues as soon as a save returns does not change the file, even if the replay wraps around, all
    /// priorities change, and the copies of the parameters reuse the memory of the last save.
    @Test(arguments: [
        ("dqn", ["replay_capacity=120", "learning_starts=20", "batch_size=4", "prioritized=true", "n_step=3"]),
        ("async-dqn", ["replay_capacity=90", "learning_starts=20", "batch_size=4", "refresh_interval=3"]),
        ("async-q", []), ("a3c", ["shared_statistics=false"]),
    ])
    func trainingDuringASaveDoesNotChangeTheFile(_ method: String, _ settings: [String]) throws {
        try withRunDirectory { directory in
            let steps = Array(stride(from: 37, through: 400, by: 33))
            let kept = try folder("kept", in: directory.url)
            let waited = try trainer(method, settings)
            let store = try CheckpointStore(directory: kept)
            for step in steps {
                while waited.counters.agentSteps < step { try waited.advance(to: step) }
                _ = try store.commit(waited.checkpoint())
            }
            let raced = try folder("raced", in: directory.url)
            let trainer = try trainer(method, settings)
            let saver = try ChiefSaver(CheckpointStore(directory: raced))
            for step in steps {
                while trainer.counters.agentSteps < step { try trainer.advance(to: step) }
                saver.save(try trainer.checkpoint())
            }
            while trainer.counters.agentSteps < 500 { try trainer.advance(to: 500) }
            for outcome in saver.finish() { _ = try outcome.result.get() }
            for step in steps {
                let name = CheckpointStore.fileName(agentSteps: step)
                let files = try [kept, raced].map { try Data(contentsOf: $0.appendingPathComponent(name)) }
                #expect(files[0] == files[1], "\(method), step \(step)")
            }
        }
    }

    /// A run continues after a failed save, and ends with an error although its last state is saved.
    @Test func aRunContinuesAfterAFailedSave() throws {
        try withRunDirectory { directory in
            var request = ConfigurationRequest()
            request.environment = "CartPole-v1"
            request.assignments = ["network=mlp:16,16", "log_interval=50", "evaluation_interval=0"]
            let run = try TrainingRun(
                request.resolve(), options: .init(steps: 400, saveEvery: 100, keep: 10), in: directory)
            // A directory in place of the file to write.
            let obstacle = directory.checkpoints.appendingPathComponent(
                CheckpointStore.fileName(agentSteps: 200) + ".tmp/x", isDirectory: true)
            try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: true)
            let error = #expect(throws: TrainingError.self) { try run.run() }
            #expect(error?.message.contains("1 of 5 saves failed") == true, "\(error?.message ?? "")")
            let steps = try CheckpointStore(directory: directory.checkpoints).entries().map(\.agentSteps)
            #expect(steps == [0, 100, 300, 400])
            #expect(run.lastCheckpoint?.lastPathComponent == CheckpointStore.fileName(agentSteps: 400))
            let rows = try String(contentsOf: directory.metrics, encoding: .utf8).split(separator: "\n")
            #expect(rows.last?.hasSuffix(",1") == true || rows.last?.contains(",1,") == true)
        }
    }
}
