import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import Testing

/// Tests of conversion between 2.0 and 2.1, and of what the tools do with the additions of 2.1.
struct Conversion2_1Tests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: GoldenFileTests.files("2.0"))
    func goldenFilesConvertTo2_1AndBack(_ golden: URL) throws {
        let (newer, back, direct) = (folder.file("newer.h5"), folder.file("back.h5"), folder.file("direct.h5"))
        #expect(try CheckpointConverter.convert(from: golden, to: direct, version: "2.0") == [])
        #expect(try CheckpointConverter.convert(from: golden, to: newer, version: "2.1") == [])
        #expect(try CheckpointSummary(contentsOf: newer).version == "2.1")
        #expect(Verifier.verify(newer, deep: true).isValid)
        #expect(try CheckpointConverter.convert(from: newer, to: back, version: "2.0") == [])
        // The releases of libhdf5 and libdeflate that wrote the golden file may be others.
        #expect(try Data(contentsOf: back) == Data(contentsOf: direct))
        #expect(try CheckpointDifference.between(golden, newer) == [])
    }

    /// No part of a network can be left out, not even if losses are allowed.
    @Test func neverLosesPartsOfANetwork() throws {
        for (sample, parts) in [
            (
                try Samples.layers(),
                [
                    "an input offset", "an input scale", "layer 0 (3k3x2s2x1p1+elu)", "layer 1 (norm+tanh)",
                    "layer 2 (max2s1p1)", "layer 3 (2k2s1+silu)", "layer 4 (avg3x2s2p1x0)", "layer 5 (fc6+gelu)",
                    "layer 6 (fc5+identity)", "layer 7 (norm+relu)", "layer 8 (fc4+sigmoid)", "a head of quantiles",
                ]
            ),
            (
                try Samples.duelingStreams(),
                ["an input offset", "an input scale", "layer 0 (fc5+tanh)", "hidden layers in its head"]
            ),
            (try Samples.actorCriticStreams(), ["hidden layers in its head"]),
        ] {
            let source = folder.file("source.h5")
            try sample.write(to: source, overwriting: true)
            for (version, allowLossy) in [("2.0", false), ("2.0", true), ("1.1", true)] {
                let error = #expect(throws: CheckpointError.self) {
                    try CheckpointConverter.convert(
                        from: source, to: folder.file("x.h5"), version: version, allowLossy: allowLossy)
                }
                #expect(error?.code == .lossy)
                #expect(
                    error?.details == parts.map { "/architecture: \($0), which format 2.0 does not support" })
            }
            #expect(folder.names == ["source.h5"])
        }
    }

    @Test func listsLostEnvironmentsAndMasks() throws {
        let sample = try Samples.environments()
        let losses = [
            "/workers/0/action_mask: the actions that its observation allows",
            "/workers/0/replay/next_action_masks: the masks of its steps",
            "/workers/0/environments: the state of 3 of its 4 environments",
        ]
        let error = #expect(throws: CheckpointError.self) { try sample.converted(to: "2.0") }
        #expect(error?.code == .lossy && error?.details == losses)
        let (converted, dropped) = try sample.converted(to: "2.0", allowLossy: true)
        #expect(dropped == losses)
        var expected = sample
        expected.workers[0].actionMask = nil
        expected.workers[0].replay?.columns.removeLast()
        expected.workers[0].additionalEnvironments = []
        #expect(try everything(converted) == everything(expected))
    }

    @Test func roundTripsWithEveryBit() throws {
        for (name, sample) in try Samples.format2_1() {
            try sample.write(to: folder.file(name))
            #expect(Verifier.verify(folder.file(name), deep: true).isValid, "\(name)")
            #expect(try everything(Checkpoint(contentsOf: folder.file(name))) == everything(sample), "\(name)")
            #expect(try CheckpointPolicy(contentsOf: folder.file(name)).architecture == sample.architecture)
        }
    }

    @Test func summariesCountEnvironments() throws {
        try Samples.environments().write(to: folder.file("environments.h5"))
        let summary = try CheckpointSummary(contentsOf: folder.file("environments.h5"))
        #expect(summary.workers.map(\.environments) == [4])
        #expect(summary.datasets.contains { $0.path == "workers/0/environments/1/replay/next_action_masks" })
        try Samples.whole().write(to: folder.file("whole.h5"))
        #expect(try CheckpointSummary(contentsOf: folder.file("whole.h5")).workers.map(\.environments) == [1, 1])
    }

    @Test func strippingRemovesEveryReplay() throws {
        let stripped = try Samples.environments().stripped(replay: true)
        #expect(stripped.workers[0].replay == nil)
        #expect(stripped.workers[0].additionalEnvironments.allSatisfy { $0.replay == nil })
        #expect(stripped.workers[0].additionalEnvironments.count == 3)
        try stripped.write(to: folder.file("stripped.h5"))
        #expect(try everything(Checkpoint(contentsOf: folder.file("stripped.h5"))) == everything(stripped))
    }

    @Test func differencesNameTheEnvironment() throws {
        let sample = try Samples.environments()
        var other = sample
        other.workers[0].additionalEnvironments[0].actionMask = [1, 1]
        other.workers[0].additionalEnvironments[1].episodeLength = 4
        try sample.write(to: folder.file("a.h5"))
        try other.write(to: folder.file("b.h5"))
        let paths = try CheckpointDifference.between(folder.file("a.h5"), folder.file("b.h5")).map(\.path)
        #expect(paths == ["workers/0/environments/1/action_mask", "workers/0/state.environments"])
    }

    /// A repair keeps the environments and replays that are intact.
    @Test func repairKeepsIntactEnvironments() throws {
        let sample = try Samples.environments()
        try sample.write(to: folder.file("sound.h5"))
        var file = try ForgedFile(reading: folder.file("sound.h5"))
        file.datasets["workers/0/environments/1/replay/next_action_masks"]?.bytes[0] = 3
        file.set("workers/0/environments/2/observation", [Float(1)])
        try file.write(to: folder.file("broken.h5"))
        let outcome = try CheckpointRepair.repair(folder.file("broken.h5"), to: folder.file("repaired.h5"))
        #expect(
            Set(outcome.lost.map(\.part)) == [
                "workers/0/environments/1/replay", "workers/0/environments/2/observation",
            ])
        #expect(outcome.stripped == ["replay", "training"])
        let repaired = try Checkpoint(contentsOf: folder.file("repaired.h5")).workers[0]
        #expect(repaired.additionalEnvironments.count == 3)
        #expect(repaired.additionalEnvironments[0].replay == nil)
        #expect(repaired.additionalEnvironments[0].actionMask == [0, 1])
        #expect(repaired.additionalEnvironments[1].observation == nil)
        #expect(repaired.replay?.columns.count == 5)
    }

    /// The writer refuses what a reader would refuse.
    @Test func refusesToWriteInvalidMasks() throws {
        var wide = try Samples.environments()
        wide.workers[0].actionMask = [1, 1, 1]
        var large = try Samples.environments()
        large.workers[0].additionalEnvironments[0].actionMask = [1, 2]
        var column = try Samples.environments()
        column.workers[0].replay?.columns[4].chunks[0].withMutableBytes { $0[0] = 7 }
        var many = try Samples.environments()
        many.workers[0].additionalEnvironments = Array(repeating: SubEnvironmentState(), count: 4096)
        for checkpoint in [wide, large, column, many] {
            let error = #expect(throws: CheckpointError.self) { try checkpoint.write(to: folder.file("x.h5")) }
            #expect(error?.code == .invalidState)
        }
        #expect(folder.names == [])
    }

    /// Writing an older version refuses what it cannot represent instead of leaving it out.
    @Test func writingAnOlderVersionLosesNothing() throws {
        for sample in try Samples.format2_1().map(\.sample) {
            for version in ["1.0", "1.1", "2.0"] {
                let error = #expect(throws: CheckpointError.self) {
                    try sample.write(to: folder.file("x.h5"), version: version)
                }
                #expect(error?.code == .lossy)
            }
        }
    }
}
