import DQNCheckpoint
import Foundation
import Mutation
import Testing

/// The programs, given files that were changed where their structure is, with mended checksums and seals: whatever they
/// print, no signal ends them, and they stay within limits of time and memory.
///
/// An ordinary run tries a sample; `Scripts/fuzz-programs` tries more, and keeps the files that it finds.
@Suite struct MutatedFileTests {
    private static let settings = ProcessInfo.processInfo.environment
    private static let count = settings["DQN_MUTATED_FILES"].flatMap { Int($0) } ?? 6
    private static let seed = settings["DQN_MUTATION_SEED"].flatMap { UInt64($0) } ?? 1
    /// The address space in KiB, and seconds of processor time.
    private static let limits = "export SWIFT_BACKTRACE=enable=no; ulimit -v 8388608; ulimit -t 60"
    /// What the programs' documentation says; 2 is that of `diff`. The number of a fatal signal is none of them.
    private static let statuses: Set<Int32> = [0, 1, 2, 64, 65, 66, 77, 130]

    @Test func noSignalEndsAProgram() throws {
        let directory = try TemporaryDirectory()
        let trained = try Program.run(
            "dqn-train",
            [
                "--env", "CartPole-v1", "--steps", "300", "--save-every", "150", "--schedule-steps", "900", "-q",
                "--out", directory("run"),
            ]
                + tiny)
        #expect(trained.status == 0, "\(trained.errors)")
        let newest = directory("run/checkpoints/step-000000000300.h5")
        var sources = [newest]
        for version in ["1.1", "2.0"] {
            let converted = directory("sound-\(version).h5")
            let result = try Program.run(
                "dqn-checkpoint", "convert", newest, converted, "--to", version, "--allow-lossy")
            #expect(result.status == 0, "\(result.errors)")
            sources.append(converted)
        }
        let hostile = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/hostile")
        sources += ["sound-in-the-oldest-format-2.0.h5", "sound-with-many-members-2.0.h5"].map {
            hostile.appendingPathComponent($0).path
        }
        sources.append(
            hostile.appendingPathComponent("../checkpoints/1.0/dqn-cartpole.h5").standardizedFileURL.path)
        for index in 0..<Self.count {
            let source = sources[index % sources.count]
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: source)))
            let seed = Self.seed &* 1_000_003 &+ UInt64(index)
            let mutated = try Self.sealed(StructureMutator.mutated(bytes, seed: seed, limit: .max))
            try Data(mutated).write(to: URL(fileURLWithPath: directory("mutated.h5")))
            try Data(mutated).write(to: URL(fileURLWithPath: newest))
            for (program, arguments) in Self.commands(directory, source) {
                let result = try Program.run(program, arguments, shell: Self.limits)
                guard !Self.statuses.contains(result.status) else { continue }
                Issue.record(
                    "\(program) \(arguments) ended with \(result.status) for seed \(seed) of \(source): \(result.errors)"
                )
                if let folder = Self.settings["DQN_FINDINGS"] {
                    try Data(mutated).write(to: URL(fileURLWithPath: "\(folder)/\(seed).h5"))
                }
            }
        }
    }

    private static func commands(_ directory: TemporaryDirectory, _ source: String) -> [(String, [String])] {
        let file = directory("mutated.h5")
        let checkpoint: [[String]] = [
            ["verify", file], ["show", file], ["ls", directory("run/checkpoints")], ["diff", file, source],
            ["convert", file, directory("converted.h5"), "--to", "2.1", "--force"],
            ["strip", file, directory("stripped.h5"), "--all-but-policy", "--force"],
            ["plot", file, "-o", directory("curve.svg"), "--force"],
        ]
        return checkpoint.map { ("dqn-checkpoint", $0) } + [
            ("dqn-play", [file, "--episodes", "1", "--max-steps", "5", "--quiet"]),
            ("dqn-train", ["--resume", directory("run"), "--steps", "310", "-q"]),
        ]
    }

    /// Mends the seal of a file that has one.
    private static func sealed(_ bytes: [UInt8]) throws -> [UInt8] {
        guard bytes.starts(with: "swift-dqn".utf8), bytes.count >= 512 else { return bytes }
        let rest = bytes.dropFirst(512)
        let version = String(decoding: bytes[21..<24], as: UTF8.self)
        let length = String(format: "%020d", bytes.count)
        let text = "swift-dqn checkpoint \(version)\nlength \(length)\nsha256 \(try FileDigest.hexadecimal(of: rest))\n"
        return Array(text.utf8) + [UInt8](repeating: 0, count: 512 - text.utf8.count) + rest
    }
}
