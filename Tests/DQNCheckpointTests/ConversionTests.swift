import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests of conversion between versions: losses are listed, and converting there and back changes nothing.
struct ConversionTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func convert(
        _ source: URL, _ name: String, to version: String, allowLossy: Bool = false
    ) throws -> (url: URL, dropped: [String]) {
        let target = folder.file(name)
        let dropped = try CheckpointConverter.convert(
            from: source, to: target, version: version, allowLossy: allowLossy)
        #expect(Verifier.verify(target).isValid)
        #expect(try CheckpointSummary(contentsOf: target).version == version)
        return (target, dropped)
    }

    @Test(arguments: GoldenFileTests.files("1.0"))
    func goldenFilesConvertTo1_1AndBack(_ golden: URL) throws {
        let direct = try convert(golden, "direct.h5", to: "1.0")
        let newer = try convert(golden, "newer.h5", to: "1.1")
        let back = try convert(newer.url, "back.h5", to: "1.0")
        #expect(direct.dropped + newer.dropped + back.dropped == [])
        // The digest covers the content, whichever release of libhdf5 wrote the golden file.
        let digests = try [golden, direct.url, back.url].map { try CheckpointSummary(contentsOf: $0).digest }
        #expect(Set(digests).count == 1)
        #expect(try Data(contentsOf: back.url) == Data(contentsOf: direct.url))
        #expect(try Checkpoint(contentsOf: newer.url).writer == Checkpoint(contentsOf: golden).writer)
        #expect(try CheckpointDifference.between(golden, newer.url) == [])
        #expect(try CheckpointDifference.between(newer.url, back.url) == [])
    }

    @Test func suppliesWhatFilesOf1_0DoNotRecord() throws {
        let golden = GoldenFileTests.folder.appendingPathComponent("1.0")
        let one = try Checkpoint(contentsOf: golden.appendingPathComponent("sample-pixels.h5"))
        #expect(one.workers.map(\.status) == [.running])
        #expect(one.workers.map(\.agentSteps) == [one.counters.agentSteps])
        #expect(one.workers[0].finalEpsilon == nil && one.workers[0].learner == nil)
        let two = golden.appendingPathComponent("sample-vector.h5")
        #expect(try Checkpoint(contentsOf: two).workers.map(\.agentSteps) == [0, 0])
        #expect(try CheckpointSummary(contentsOf: two).workers.map(\.agentSteps) == [nil, nil])
        #expect(
            try CheckpointSummary(contentsOf: golden.appendingPathComponent("sample-pixels.h5")).workers.map(
                \.agentSteps)
                == [one.counters.agentSteps])
    }

    /// Checks the listed losses of a conversion to 1.0, and that nothing else is lost.
    private func expectLosses(_ checkpoint: Checkpoint, _ losses: [String], leaving expected: Checkpoint) throws {
        let source = folder.file("source.h5")
        try checkpoint.write(to: source, overwriting: true)
        let refused = #expect(throws: CheckpointError.self) { try convert(source, "refused.h5", to: "1.0") }
        #expect(refused?.code == .lossy)
        #expect(refused?.details == losses)
        #expect(throws: CheckpointError.self) {
            try checkpoint.write(to: folder.file("refused.h5"), version: "1.0")
        }
        #expect(folder.names == ["source.h5"])
        let (url, dropped) = try convert(source, "lossy.h5", to: "1.0", allowLossy: true)
        #expect(dropped == losses)
        #expect(try everything(Checkpoint(contentsOf: url)) == everything(expected))
        #expect(try everything(checkpoint.converted(to: "1.0", allowLossy: true).checkpoint) == everything(expected))
        try FileManager.default.removeItem(at: url)
    }

    @Test func conversionTo1_0ListsLostWorkerState() throws {
        let checkpoint = try Samples.workers()
        var expected = checkpoint
        for index in expected.workers.indices {
            expected.workers[index].status = .running
            expected.workers[index].agentSteps = 0
            expected.workers[index].finalEpsilon = nil
            expected.workers[index].learner = nil
        }
        try expectLosses(
            checkpoint,
            [
                "/workers/0/state: its agent steps, 20000", "/workers/0/state: its final epsilon 0.1",
                "/workers/0/learner: the state of async-nstep-q, 5 arrays",
                "/workers/1/state: that the worker is finished", "/workers/1/state: its agent steps, 12500",
                "/workers/1/state: its final epsilon 0.01",
                "/workers/2/state: that the worker is abandoned", "/workers/2/state: its agent steps, 7500",
                "/workers/2/state: its final epsilon 0.5",
                "/workers/3/state: that the worker is resting", "/workers/3/state: its agent steps, 10000",
                "/workers/3/learner: the state of async-nstep-q, 5 arrays",
                "/workers/4/state: its final epsilon 0.0", "/workers/4/learner: the state of async-nstep-q, 0 arrays",
            ], leaving: expected)
    }

    @Test func conversionTo1_0LosesOnlyPriorities() throws {
        let checkpoint = try Samples.prioritized()
        var expected = checkpoint
        expected.workers[0].replay?.columns.removeLast()
        try expectLosses(
            checkpoint, ["/workers/0/replay/priorities: the priorities of its steps"], leaving: expected)
    }

    /// 1.0 cannot represent a single worker that has not taken all steps of the run.
    @Test func conversionTo1_0LosesDifferingAgentSteps() throws {
        var checkpoint = try Samples.prioritized()
        checkpoint.workers[0].replay?.columns.removeLast()
        #expect(try checkpoint.converted(to: "1.0").dropped == [])
        var other = checkpoint
        other.workers[0].agentSteps = 3
        try expectLosses(other, ["/workers/0/state: its agent steps, 3"], leaving: checkpoint)
    }

    /// A head is indispensable; the error also lists the other losses.
    @Test func refusesToConvertNewHeadsTo1_0() throws {
        var dueling = try Samples.dueling()
        dueling.workers[1].status = .finished
        for (checkpoint, count) in [(dueling, 2), (try Samples.actorCritic(), 1)] {
            try checkpoint.write(to: folder.file("source.h5"), overwriting: true)
            for allowLossy in [false, true] {
                let error = #expect(throws: CheckpointError.self) {
                    try convert(folder.file("source.h5"), "x.h5", to: "1.0", allowLossy: allowLossy)
                }
                #expect(error?.code == .lossy)
                #expect(error?.details.count == count)
                #expect(error?.details.first?.hasPrefix("/architecture: the head") == true)
            }
            #expect(folder.names == ["source.h5"])
        }
    }

    @Test func refusesUnknownVersions() throws {
        let golden = try #require(GoldenFileTests.files("1.0").first)
        for version in ["1.2", "", "1", "latest"] {
            let converting = #expect(throws: CheckpointError.self) { try convert(golden, "x.h5", to: version) }
            let writing = #expect(throws: CheckpointError.self) {
                try Samples.whole().write(to: folder.file("x.h5"), version: version)
            }
            for error in [converting, writing] {
                #expect(error?.code == .unsupportedVersion)
                #expect(error?.message.contains("choose one of 1.0, 1.1") == true)
            }
        }
        #expect(folder.names == [])
    }

    @Test func replacesFilesOnlyIfAllowed() throws {
        let golden = try #require(GoldenFileTests.files("1.0").first)
        let url = folder.file("there.h5")
        try Data("mine".utf8).write(to: url)
        let error = #expect(throws: CheckpointError.self) { try convert(golden, "there.h5", to: "1.1") }
        #expect(error?.code == .exists)
        #expect(try Data(contentsOf: url) == Data("mine".utf8))
        // A file may be converted in place.
        try CheckpointConverter.convert(from: golden, to: url, version: "1.1", overwriting: true)
        let newer = try Data(contentsOf: url)
        try CheckpointConverter.convert(from: url, to: url, version: "1.0", overwriting: true)
        try CheckpointConverter.convert(from: url, to: url, version: "1.1", overwriting: true)
        #expect(try Data(contentsOf: url) == newer)
        #expect(folder.names == ["there.h5"])
    }

    @Test func keepsExtensions() throws {
        var checkpoint = try Samples.whole()
        checkpoint.extensions[0].mustUnderstand = true
        let source = folder.file("source.h5")
        try checkpoint.write(to: source)
        let error = #expect(throws: CheckpointError.self) { try convert(source, "x.h5", to: "1.0") }
        #expect(error?.code == .unknownExtension)
        try CheckpointConverter.convert(
            from: source, to: folder.file("x.h5"), version: "1.0", understanding: ["org.example.trainer"])
        let read = try Checkpoint(contentsOf: folder.file("x.h5"), understanding: ["org.example.trainer"])
        #expect(read.extensions == checkpoint.extensions)
    }
}
