import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests that files are read back bit by bit and that equal states produce equal files.
struct RoundTripTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func expectRoundTrip(_ checkpoint: Checkpoint, _ name: String = "a.h5") throws {
        let url = folder.file(name)
        try checkpoint.write(to: url)
        let read = try Checkpoint(contentsOf: url)
        let (before, after) = (try everything(checkpoint), try everything(read))
        #expect(Set(before.keys) == Set(after.keys))
        for (key, value) in before { #expect(after[key] == value, "\(key)") }
        // Writing it again produces the same file.
        let second = folder.file("second-\(name)")
        try read.write(to: second)
        #expect(try Data(contentsOf: second) == Data(contentsOf: url))
        #expect(Verifier.verify(url).isValid)
        #expect(folder.names.allSatisfy { !$0.hasSuffix(".tmp") })
    }

    @Test func roundTripsAWholeState() throws { try expectRoundTrip(Samples.whole()) }

    @Test func roundTripsPixelsAndAWrappedRing() throws { try expectRoundTrip(Samples.pixels()) }

    @Test func roundTripsAdditionsOfFormat1_1() throws {
        for (name, checkpoint) in try Samples.format1_1() { try expectRoundTrip(checkpoint, name) }
    }

    @Test func roundTripsStrippedCheckpoints() throws {
        let whole = try Samples.whole()
        try expectRoundTrip(whole.stripped(allButPolicy: true), "policy.h5")
        try expectRoundTrip(whole.stripped(replay: true), "replay.h5")
        try expectRoundTrip(whole.stripped(optimizer: true), "optimizer.h5")
    }

    @Test func jsonKeepsNumbersExactly() throws {
        var checkpoint = try Samples.whole()
        let numbers: [Double] = [
            -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1, 1.0 / 3.0, 9_007_199_254_740_994, 1e22,
            123_456_789.123_456_78, -1,
        ]
        checkpoint.workers[0].recentReturns = numbers
        checkpoint.workers[0].recentLengths = [Int](repeating: 1, count: numbers.count)
        checkpoint.workers[0].episodeReturn = -0.0
        checkpoint.statistics = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ("Value_\($0)", $1) })
        try expectRoundTrip(checkpoint)
    }

    /// Keys of dictionaries are not converted.
    @Test func keepsNamesInDictionaries() throws {
        var checkpoint = try Samples.whole()
        checkpoint.statistics = ["snake_case": 1, "camelCase": 2, "_x_": 3, "UPPER_Case": 4]
        checkpoint.optimizer?.hyperparameters = ["learning_rate": 1, "learningRate": 2, "beta_1": 3]
        checkpoint.configuration = .object([
            "snake_case": .integer(1), "camelCase": .integer(2), "nested_object": .object(["inner_key": .string("x")]),
        ])
        try expectRoundTrip(checkpoint)
    }

    @Test func roundTripsManyDatasets() throws {
        var checkpoint = try Samples.whole()
        for index in 0..<50 { checkpoint.history.columns["many/column_\(index)"] = [Double(index), .nan] }
        checkpoint.workers += try (2..<20).map { try Samples.worker($0, checkpoint.architecture) }
        try expectRoundTrip(checkpoint)
    }

    @Test func equalStatesProduceEqualFilesAtAnyTime() throws {
        try Samples.whole().write(to: folder.file("first.h5"))
        // A clock time would have a resolution of seconds, so it could only differ in another second.
        Thread.sleep(forTimeInterval: 1.1)
        try Samples.whole().write(to: folder.file("second.h5"))
        #expect(try Data(contentsOf: folder.file("first.h5")) == Data(contentsOf: folder.file("second.h5")))
    }

    /// The file contains only the slots in use.
    @Test func unusedSlotsDoNotAffectTheFile() throws {
        var checkpoint = try Samples.whole()
        try checkpoint.write(to: folder.file("clean.h5"))
        let flags = try #require(checkpoint.workers[0].replay?.columns.firstIndex { $0.name == "flags" })
        checkpoint.workers[0].replay?.columns[flags].chunks[2].withMutableBytes { $0[15] = 99 }
        try checkpoint.write(to: folder.file("dirty.h5"))
        #expect(try Data(contentsOf: folder.file("clean.h5")) == Data(contentsOf: folder.file("dirty.h5")))
    }

    @Test func loadsOnlyThePolicy() throws {
        let checkpoint = try Samples.whole()
        try checkpoint.write(to: folder.file("a.h5"))
        let policy = try CheckpointPolicy(contentsOf: folder.file("a.h5"))
        #expect(policy.parameters.map(\.bitPattern) == checkpoint.online.map(\.bitPattern))
        #expect(policy.architecture == checkpoint.architecture)
        #expect(policy.agentSteps == 50_000)
        #expect(policy.configuration["environment"] == .string("CartPole-v1"))
    }

    @Test func loadsTheSummary() throws {
        let checkpoint = try Samples.whole()
        try checkpoint.write(to: folder.file("a.h5"))
        let summary = try CheckpointSummary(contentsOf: folder.file("a.h5"))
        #expect(summary.version == FormatVersion.current)
        #expect(summary.writer == checkpoint.writer)
        #expect(summary.counters == checkpoint.counters)
        #expect(summary.evaluation == checkpoint.evaluation)
        #expect(summary.bestEvaluation == checkpoint.bestEvaluation)
        #expect(summary.byteCount == (try Data(contentsOf: folder.file("a.h5")).count))
        #expect(summary.datasets.map(\.path) == summary.datasets.map(\.path).sorted())
        #expect(summary.datasets.contains { $0.path == "parameters/online/layers/0/weight" && $0.shape == [5, 4] })
        #expect(summary.workers.map(\.status) == [.running, .running])
        #expect(summary.workers.map(\.replay?.count) == [37, 37])
        #expect(summary.digest == Verifier.verify(folder.file("a.h5")).digest)
    }
}
