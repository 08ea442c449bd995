import Benchmark
import DQNCheckpoint
import DQNModel
import Foundation

/// Saving and loading the Nature CNN's policy, and the digest of its file.
func checkpointSuite() throws -> BenchmarkSuite {
    let architecture = try NetworkArchitecture(
        "nature-cnn", input: ObservationSpace(shape: [4, 84, 84], element: .uint8), actions: 6)
    var generator = RandomGenerator(seed: 1)
    let checkpoint = Checkpoint(
        writer: .current, configuration: .object(["environment": .string("bench"), "frame_stack": .integer(4)]),
        architecture: architecture,
        online: (0..<(try ParameterLayout(architecture).count)).map { _ in Float(generator.uniform(in: -0.05..<0.05)) },
        stripped: ["optimizer", "replay", "training"])
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("micro-bench-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let url = folder.appendingPathComponent("policy.h5")
    try checkpoint.write(to: url)
    let content = try Data(contentsOf: url)
    try FileManager.default.removeItem(at: folder)

    let suite = BenchmarkSuite(name: "checkpoint")
    // Each benchmark cleans up after itself, so that a filter can select any of them.
    suite.benchmark("save") { state in
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        state.start()
        try checkpoint.write(to: url)
        try state.end()
    }
    suite.benchmark("load") { state in
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try content.write(to: url)
        state.start()
        _ = try Checkpoint(contentsOf: url)
        try state.end()
    }
    suite.benchmark("SHA-256 of the file") { _ = try FileDigest.hexadecimal(of: content) }
    return suite
}
