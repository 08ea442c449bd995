import ArgumentParser
import DQNCheckpoint
import DQNModel
import Foundation

/// Saves and loads the Nature CNN's policy, and prints the times of each round as JSON.
@main
struct CheckpointBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Times durable saves and verified loads of the Nature CNN's policy; ignores the first round.")
    @Option(help: "Directory for the files.") var directory: String
    @Option(help: "Rounds.") var rounds = 10

    private struct Times: Encodable {
        var save_seconds: [Double] = []
        var load_seconds: [Double] = []
    }

    func run() throws {
        let input = ObservationSpace(shape: [4, 84, 84], element: .uint8)
        let architecture = try NetworkArchitecture("nature-cnn", input: input, actions: 6)
        var generator = RandomGenerator(seed: 1)
        let parameters = (0..<(try ParameterLayout(architecture).count)).map { _ in
            Float(generator.uniform(in: -0.05..<0.05))
        }
        let checkpoint = Checkpoint(
            writer: .current, configuration: .object(["environment": .string("bench"), "frame_stack": .integer(4)]),
            architecture: architecture, online: parameters, stripped: ["optimizer", "replay", "training"])
        let folder = URL(fileURLWithPath: directory).appendingPathComponent("checkpoint-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var times = Times()
        let clock = ContinuousClock()
        for round in 0...rounds {
            // Deletes the last file first, as the peer's benchmark does: the system then has warm memory for the new
            // file.
            let url = folder.appendingPathComponent("policy.h5")
            try? FileManager.default.removeItem(at: url)
            let save = try clock.measure { try checkpoint.write(to: url) }
            var loaded = 0
            let load = try clock.measure { loaded = try Checkpoint(contentsOf: url).online.count }
            precondition(loaded == parameters.count, "all parameters must be loaded")
            if round > 0 {
                times.save_seconds.append(save / .seconds(1))
                times.load_seconds.append(load / .seconds(1))
            }
        }
        print(String(decoding: try JSONEncoder().encode(times), as: UTF8.self))
    }
}
