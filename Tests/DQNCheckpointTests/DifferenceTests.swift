import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests of differences between checkpoints and of stripping.
struct DifferenceTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func differences(
        tolerance: Double = 0, _ change: (inout Checkpoint) throws -> Void
    ) throws -> [CheckpointDifference] {
        let (left, right) = (folder.file("left.h5"), folder.file("right.h5"))
        try Samples.whole().write(to: left, overwriting: true)
        var changed = try Samples.whole()
        try change(&changed)
        try changed.write(to: right, overwriting: true)
        return try CheckpointDifference.between(left, right, tolerance: tolerance)
    }

    @Test func aFileEqualsItself() throws {
        let url = folder.file("same.h5")
        try Samples.whole().write(to: url)
        #expect(try CheckpointDifference.between(url, url) == [])
        let link = folder.file("link.h5")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: url)
        #expect(try CheckpointDifference.between(link, url) == [])
    }

    @Test func equalFilesHaveNoDifferences() throws { #expect(try differences { _ in } == []) }

    @Test func reportsTheLargestDifferenceOfParameters() throws {
        let change: (inout Checkpoint) -> Void = { checkpoint in
            checkpoint.online[21] += 0.5
            checkpoint.online[22] -= 0.25
        }
        let found = try differences(change)
        #expect(found.map(\.path) == ["parameters/online/layers/0/bias"])
        #expect(abs((found.first?.largest ?? 0) - 0.5) < 1e-6)
        #expect(try differences(tolerance: 0.6, change) == [])
        #expect(try differences(tolerance: 0.4, change).count == 1)
    }

    @Test func reportsDifferingKeysOfDocuments() throws {
        let found = try differences { checkpoint in
            checkpoint.configuration = .object(["environment": .string("Acrobot-v1"), "extra": .integer(1)])
            checkpoint.counters.episodes += 1
            checkpoint.optimizer?.stepCount += 1
        }
        let paths = found.map(\.path)
        for path in [
            "configuration.environment", "configuration.extra", "configuration.gamma", "optimizer/state.step_count",
        ] {
            #expect(paths.contains(path), "\(path) in \(paths)")
        }
        #expect(paths.contains("progress.counters.episodes"))
        #expect(!paths.contains("progress.counters.frames"))
    }

    @Test func reportsPartsThatOnlyOneFileHas() throws {
        let found = try differences { $0 = $0.stripped(replay: true, optimizer: true) }
        #expect(found.contains { $0.path == "workers/0/replay/frames" && $0.description.contains("only in the first") })
        #expect(found.contains { $0.path.hasPrefix("optimizer/slots/first_moment/") })
        #expect(!found.contains { $0.path.hasPrefix("parameters/") })
    }

    @Test func reportsIntegersAndShapes() throws {
        let found = try differences(tolerance: 1e9) { checkpoint in
            checkpoint.workers[0].generators["sampling"] = RandomGenerator(seed: 1)
        }
        #expect(found.map(\.path) == ["workers/0/random/sampling"])
        let shapes = try differences { $0.workers[0].environment?.values["steps"] = .int64([17, 18]) }
        #expect(shapes.map(\.path) == ["workers/0/environment/steps"])
        #expect(shapes.first?.largest == nil)
    }

    @Test func comparesNaNInTheHistory() throws {
        // NaN equals only NaN here.
        let found = try differences(tolerance: 100) { $0.history.columns["train/loss"]?[1] = 0.5 }
        #expect(found.map(\.path) == ["history/columns/train/loss"])
        #expect(found.first?.largest == .infinity)
    }

    @Test func refusesUnreadableFiles() throws {
        try Samples.whole().write(to: folder.file("left.h5"))
        let error = #expect(throws: CheckpointError.self) {
            try CheckpointDifference.between(folder.file("left.h5"), folder.file("none.h5"))
        }
        #expect(error?.code == .missing)
    }

    @Test func strippingRemovesTheNamedParts() throws {
        let whole = try Samples.whole()
        let noReplay = whole.stripped(replay: true)
        #expect(noReplay.workers.allSatisfy { $0.replay == nil } && noReplay.optimizer != nil)
        #expect(noReplay.stripped == ["replay"])
        let both = noReplay.stripped(optimizer: true)
        #expect(both.optimizer == nil && both.workers.count == 2)
        #expect(both.stripped == ["optimizer", "replay"])
        let policy = whole.stripped(allButPolicy: true)
        #expect(policy.workers.isEmpty && policy.target == nil && policy.history == MetricHistory())
        #expect(policy.online == whole.online && policy.counters == whole.counters)
        #expect(policy.stripped == ["optimizer", "replay", "training"])
        try whole.write(to: folder.file("whole.h5"))
        try policy.write(to: folder.file("policy.h5"))
        let sizes = try ["whole.h5", "policy.h5"].map { try Data(contentsOf: folder.file($0)).count }
        #expect(sizes[1] < sizes[0] / 3)
        #expect(try CheckpointPolicy(contentsOf: folder.file("policy.h5")).parameters == whole.online)
    }
}
