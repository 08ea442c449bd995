import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import Testing

/// Tests of replays that pass from file to file a few chunks at a time, or are not read at all.
struct StreamingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A file of several chunks in each column, some of them with a column of another writer's.
    private func source(_ name: String, version: String = "2.1", ownColumn: Bool = true) throws -> URL {
        var checkpoint = try Samples.prioritized()
        if ownColumn {
            for index in checkpoint.workers.indices {
                guard let replay = checkpoint.workers[index].replay else { continue }
                let bytes = replay.chunkLength * 3
                var chunks = (0..<((replay.count + replay.chunkLength - 1) / replay.chunkLength)).map { _ in
                    ReplayChunk(byteCount: bytes)
                }
                chunks[0].withMutableBytes { $0[1] = 7 }
                checkpoint.workers[index].replay?.columns.append(
                    .init(name: "org.example.own", element: .uint8, shape: [3], chunks: chunks))
            }
        }
        let url = folder.file(name)
        try checkpoint.write(to: url, overwriting: true, version: version)
        return url
    }

    @Test(arguments: FormatVersion.known)
    func copiesReplaysExactly(to version: String) throws {
        let url = try source("source.h5")
        let target = folder.file("target.h5")
        let dropped = try CheckpointConverter.convert(from: url, to: target, version: version, allowLossy: true)
        // What a program writes that holds the whole state in memory.
        let expected = try Checkpoint(contentsOf: url).converted(to: version, allowLossy: true)
        try expected.checkpoint.write(to: folder.file("expected.h5"), version: version)
        #expect(dropped == expected.dropped)
        #expect(try Data(contentsOf: target) == Data(contentsOf: folder.file("expected.h5")))
        #expect(Verifier.verify(target, deep: true).isValid)
        let back = folder.file("back.h5")
        try CheckpointConverter.convert(from: target, to: back, version: "2.1")
        #expect(Verifier.verify(back, deep: true).isValid)
    }

    @Test(arguments: [(true, false, false), (false, true, false), (true, true, false), (false, false, true)])
    func stripsExactly(replay: Bool, optimizer: Bool, allButPolicy: Bool) throws {
        for version in ["1.1", "2.1"] {
            let url = try source("source.h5", version: version)
            let names = try CheckpointConverter.strip(
                url, to: folder.file("target.h5"), replay: replay, optimizer: optimizer, allButPolicy: allButPolicy,
                overwriting: true)
            let expected = try Checkpoint(contentsOf: url).stripped(
                replay: replay, optimizer: optimizer, allButPolicy: allButPolicy)
            try expected.write(to: folder.file("expected.h5"), overwriting: true)
            #expect(names == expected.stripped)
            #expect(try Data(contentsOf: folder.file("target.h5")) == Data(contentsOf: folder.file("expected.h5")))
        }
    }

    /// A file may be replaced by its own copy.
    @Test func convertsInPlace() throws {
        let url = try source("same.h5")
        try CheckpointConverter.convert(from: url, to: folder.file("other.h5"), version: "2.0", allowLossy: true)
        try CheckpointConverter.convert(from: url, to: url, version: "2.0", allowLossy: true, overwriting: true)
        #expect(try Data(contentsOf: url) == Data(contentsOf: folder.file("other.h5")))
        #expect(folder.names == ["other.h5", "same.h5"])
    }

    @Test func findsDifferencesInEachChunk() throws {
        let url = try source("source.h5")
        for version in ["1.1", "2.1"] {
            var file = try ForgedFile(reading: url)
            let path = "workers/0/replay/frames"
            let bytes = try #require(file.datasets[path]?.bytes)
            for position in [0, bytes.count / 2, bytes.count - 4] {
                file.datasets[path]?.bytes = bytes
                file.datasets[path]?.bytes[position] ^= 1
                try file.write(to: folder.file("other.h5"))
                try? FileManager.default.removeItem(at: folder.file("converted.h5"))
                try CheckpointConverter.convert(
                    from: folder.file("other.h5"), to: folder.file("converted.h5"), version: version, allowLossy: true)
                let found = try CheckpointDifference.between(url, folder.file("converted.h5"))
                #expect(found.contains { $0.path == path && ($0.largest ?? 0) > 0 }, "\(version) \(position): \(found)")
            }
        }
    }

    /// A damaged replay is not copied.
    @Test func refusesDamagedReplaysWhileCopying() throws {
        let url = try source("source.h5")
        for (path, rule) in [("workers/0/replay/flags", 15), ("workers/0/replay/priorities", 18)] {
            var file = try ForgedFile(reading: url)
            let count = try #require(file.datasets[path]?.bytes.count)
            file.datasets[path]?.bytes[count - 1] = 0xff
            try file.write(to: folder.file("bad.h5"))
            let error = #expect(throws: CheckpointError.self) {
                try CheckpointConverter.convert(
                    from: folder.file("bad.h5"), to: folder.file("target.h5"), version: "2.0", allowLossy: true)
            }
            #expect(error?.code == .malformed && error?.rule == rule, "\(String(describing: error))")
            #expect(!folder.names.contains { $0.hasPrefix("target") })
        }
    }

    /// A resume has no use for columns of another writer: they may inflate to any size.
    @Test func resumesWithoutForeignColumns() throws {
        let url = try source("source.h5")
        let resumed = try Checkpoint(resuming: url)
        #expect(
            resumed.workers[0].replay?.columns.map(\.name).sorted()
                == ["actions", "flags", "frames", "priorities", "rewards"])
        #expect(try Checkpoint(contentsOf: url).workers[0].replay?.columns.count == 6)
    }

    @Test func readsALearningCurveAlone() throws {
        let url = try source("source.h5")
        let whole = try Checkpoint(contentsOf: url)
        let curve = try CheckpointHistory(contentsOf: url)
        #expect(curve.history.agentSteps == whole.history.agentSteps)
        // NaN differs from itself, but not its bits.
        let bits = [curve.history, whole.history].map { $0.columns.mapValues { $0.map(\.bitPattern) } }
        #expect(bits[0] == bits[1])
        #expect(curve.configuration == whole.configuration)
    }
}
