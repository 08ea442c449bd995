import ArgumentParser
import DQNCheckpoint
import DQNEnvironments
import DQNModel
import DQNTraining
import Foundation

/// What saves cost a training run: how long workers stand still, and how much slower training is.
@main
struct SaverBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains the Nature CNN with Adam on recorded Pong frames and saves meanwhile; prints JSON.")
    @Argument(help: "The folder that Benchmarks/replay/record wrote.") var frames: String
    @Option(help: "Saves whose standstill is measured.") var saves = 100
    @Option(help: "Pairs of windows, one with a save and one without, whose rates are compared.") var windows = 6
    @Option(help: "Seconds of a window.") var seconds = 30.0
    @Option(help: "Workers.") var workers = 2
    @Option(help: "Frames in all replays together.") var capacity = 100_000

    private struct Row: Encodable {
        var update_seconds: Double
        var arrival_median: Double
        var arrival_p99: Double
        var taking_median: Double
        var taking_p99: Double
        var taking_largest: Double
        var hand_over_median: Double
        var hand_over_p90: Double
        var hand_over_p99: Double
        var hand_over_largest: Double
        var save_seconds_median: Double
        var file_bytes: Int
        var rate_with_saves: Double
        var rate_without: Double
        var rate_ratio: Double
    }

    func run() throws {
        let recorded = try RecordedPong(URL(fileURLWithPath: frames))
        try EnvironmentRegistry.register(RecordedPong.id) { recorded }
        var request = ConfigurationRequest()
        request.environment = RecordedPong.id
        request.method = "async-dqn"
        request.assignments = [
            "network=nature-cnn", "optimizer=adam", "workers=\(workers)", "replay_capacity=\(capacity / workers)",
            "learning_starts=\(capacity)", "frame_stack=4", "batch_size=32", "train_interval=1", "gradient_steps=1",
            "evaluation_interval=0", "log_interval=1000000000", "epsilon_fraction=1", "schedule_steps=10000000",
        ]
        let trainer = try Trainer(request.resolve())
        let folder = URL(fileURLWithPath: "saver-bench-\(getpid())", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let saver = try ChiefSaver(CheckpointStore(directory: folder, keepLast: 2))
        // Filling the replays takes no computing: actions are random until learning starts.
        try trainer.advance(to: capacity)
        try trainer.advance(to: capacity + 200)
        saver.save(try trainer.checkpoint())
        _ = saver.finish()

        var (arrivals, takings, handOvers, durations): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        var (updates, training) = (trainer.counters.gradientUpdates, 0.0)
        for _ in 0..<saves {
            training += try time { try trainer.advance(to: trainer.counters.agentSteps + 30) }
            // The part of the hand-over that takes the state; the rest lets the workers run again.
            takings.append(try time { saver.save(try trainer.checkpoint()) })
            training += try time { try trainer.advance(to: trainer.counters.agentSteps + 2 * workers) }
            guard let pause = trainer.pause else { continue }
            arrivals.append(pause.stopping / .seconds(1))
            handOvers.append(pause.handOver / .seconds(1))
            durations += saver.finish().map { $0.duration / .seconds(1) }
        }
        updates = trainer.counters.gradientUpdates - updates
        var (with, without): ([Double], [Double]) = ([], [])
        for _ in 0..<windows {
            without.append(try rate(trainer, nil))
            with.append(try rate(trainer, saver))
        }
        let file = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: [.fileSizeKey]
        ).max { $0.path < $1.path }
        let row = Row(
            update_seconds: training * Double(workers) / Double(updates), arrival_median: quantile(arrivals, 0.5),
            arrival_p99: quantile(arrivals, 0.99), taking_median: quantile(takings, 0.5),
            taking_p99: quantile(takings, 0.99), taking_largest: quantile(takings, 1),
            hand_over_median: quantile(handOvers, 0.5),
            hand_over_p90: quantile(handOvers, 0.9), hand_over_p99: quantile(handOvers, 0.99),
            hand_over_largest: quantile(handOvers, 1), save_seconds_median: quantile(durations, 0.5),
            file_bytes: try file?.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0,
            rate_with_saves: mean(with), rate_without: mean(without), rate_ratio: mean(with) / mean(without))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        print(String(decoding: try encoder.encode(row), as: UTF8.self))
    }

    /// Agent steps a second over a window, in whose middle there may be a save.
    private func rate(_ trainer: Trainer, _ saver: ChiefSaver?) throws -> Double {
        let first = trainer.counters.agentSteps
        var isSaved = saver == nil
        let start = ContinuousClock.now
        while (ContinuousClock.now - start) / .seconds(1) < seconds {
            if !isSaved, (ContinuousClock.now - start) / .seconds(1) > seconds / 4 {
                saver?.save(try trainer.checkpoint())
                isSaved = true
            }
            try trainer.advance(to: trainer.counters.agentSteps + 100)
        }
        _ = saver?.finish()
        return Double(trainer.counters.agentSteps - first) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private func time(_ body: () throws -> Void) rethrows -> Double {
        try ContinuousClock().measure(body) / .seconds(1)
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    private func quantile(_ values: [Double], _ share: Double) -> Double {
        values.sorted()[Int((Double(values.count - 1) * share).rounded())]
    }
}
