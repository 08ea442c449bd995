import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests that memory is in proportion to what a file holds, not to what it unpacks to. `Fixtures/scripts/measure_bombs.py`
/// tries many more files and measures time as well.
@Suite struct StrangeSizeTests {
    /// Bytes of address space that a command may use, in the unit of `ulimit`. The program itself needs a third of it.
    private static let limit = "ulimit -v 500000"
    private static let decodedBytes = 640_000_000
    /// Bytes of a table. A program has less address space, of which it needs almost half for itself.
    private static let tableBytes = 400_000_000

    /// Trains for a hundred steps; returns the last checkpoint.
    private static func run(in directory: TemporaryDirectory) throws -> URL {
        let result = try Program.run(
            "dqn-train", ["--env", "CartPole-v1", "--steps", "100", "-q", "--out", directory("run")] + tiny)
        #expect(result.status == 0, "\(result.errors)")
        let store = try CheckpointStore(directory: URL(fileURLWithPath: directory("run/checkpoints")))
        return try #require(store.entries().last?.url)
    }

    /// The last checkpoint of a short run, with a replay column of another writer: zeros that take a megabyte.
    private func strange(in directory: TemporaryDirectory) throws -> String {
        let url = try Self.run(in: directory)
        var checkpoint = try Checkpoint(contentsOf: url)
        let replay = try #require(checkpoint.workers[0].replay)
        let width = 1 << 16
        let columns = Self.decodedBytes / width / replay.count
        // Zeros cost no memory until they are read, and equal chunks are compressed once.
        let chunk = ReplayChunk(byteCount: replay.chunkLength * width)
        let count = (replay.count + replay.chunkLength - 1) / replay.chunkLength
        for index in 0..<columns {
            checkpoint.workers[0].replay?.columns.append(
                .init(
                    name: "org.example.wide\(index)", element: .uint8, shape: [width],
                    chunks: Array(repeating: chunk, count: count)))
        }
        try checkpoint.write(to: url, overwriting: true)
        return url.path
    }

    @Test func commandsTakeMemoryInProportionToTheFile() throws {
        let directory = try TemporaryDirectory()
        let file = try strange(in: directory)
        for arguments in [
            ["show", file], ["verify", file], ["verify", file, "--deep"], ["plot", file, "-o", directory("a.svg")],
            ["strip", file, directory("a.h5"), "--all-but-policy"], ["strip", file, directory("b.h5"), "--replay"],
            ["strip", file, directory("c.h5"), "--optimizer"],
            ["convert", file, directory("d.h5"), "--to", "2.0", "--allow-lossy"], ["diff", file, file],
        ] {
            let result = try Program.run("dqn-checkpoint", arguments, shell: Self.limit)
            #expect(result.status == 0, "\(arguments): \(result.errors)")
        }
        let play = try Program.run(
            "dqn-play", [file, "--episodes", "1", "--max-steps", "2", "-q"], shell: Self.limit)
        #expect(play.status == 0, "\(play.errors)")
        // What a run does not need is not inflated either.
        let resume = try Program.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "101", "--schedule-steps", "101", "-q"],
            shell: "ulimit -v 1400000")
        #expect(resume.status == 0, "\(resume.errors)")
    }

    /// Tables of a stranger's run are read line by line.
    @Test func tablesTakeMemoryInProportionToTheirLines() throws {
        let directory = try TemporaryDirectory()
        _ = try Self.run(in: directory)
        let metrics = directory("run/metrics.csv")
        let header = "time/total_timesteps,time/time_elapsed\n"
        for (text, ending, message) in [
            (header, "", "eval/mean_reward"), (header + "1,1,\n", "", "Line 2 has 3 cells"),
            (header, "\n", "Line 2 is too long"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: metrics))
            // A line without an end, without its bytes on the disk.
            #expect(truncate(metrics, Self.tableBytes) == 0)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: metrics))
            try file.seekToEnd()
            try file.write(contentsOf: Data(ending.utf8))
            try file.close()
            let plot = try Program.run(
                "dqn-checkpoint", ["plot", directory("run"), "--x", "time", "-o", directory("a.svg")],
                shell: "ulimit -v \(Self.tableBytes >> 10)")
            #expect(
                [1, 64, 65].contains(plot.status) && plot.errors.contains(message), "\(plot.status): \(plot.errors)")
        }
        let resume = try Program.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "101", "--schedule-steps", "101", "-q"],
            shell: "ulimit -v 1400000")
        #expect(resume.status == 0, "\(resume.errors)")
    }

    @Test func longNamesAreNotCompared() throws {
        let directory = try TemporaryDirectory()
        let url = try Self.run(in: directory)
        for (key, value) in [
            ("environment", JSONValue.string(String(repeating: "x", count: 15_000_000))),
            ("wrappers", .array([.string(String(repeating: "x", count: 15_000_000))])),
            ("wrappers", .array(Array(repeating: .string("reward-clip"), count: 100_000))),
        ] {
            var checkpoint = try Checkpoint(contentsOf: url)
            guard case .object(var members) = checkpoint.configuration else { continue }
            members[key] = value
            checkpoint.configuration = .object(members)
            try checkpoint.write(to: URL(fileURLWithPath: directory("named.h5")), overwriting: true)
            let play = try Program.run("dqn-play", [directory("named.h5"), "-q"], shell: "ulimit -v 1400000")
            #expect([1, 64, 65, 66, 77].contains(play.status), "\(play.status): \(play.errors.prefix(300))")
        }
    }
}
