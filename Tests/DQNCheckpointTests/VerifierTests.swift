import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import Testing

/// Tests of verifying files with several defects, and of `deep`.
struct VerifierTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for version in FormatVersion.known {
            try Samples.whole().write(to: folder.file("sound-\(version).h5"), version: version)
        }
    }

    private func forged(_ version: String, _ change: (inout ForgedFile) -> Void) throws -> URL {
        var file = try ForgedFile(reading: folder.file("sound-\(version).h5"))
        change(&file)
        let url = folder.file("forged.h5")
        try file.write(to: url)
        return url
    }

    private func rules(_ report: Verifier.Report) -> [Int?] { report.failures.map(\.rule) }

    @Test(arguments: FormatVersion.known)
    func reportsEveryBrokenRule(_ version: String) throws {
        let url = try forged(version) { file in
            file.listedAs["parameters/target/head/bias"] = file.datasets["parameters/target/head/bias"]
            file.datasets["parameters/target/head/bias"]?.bytes[0] ^= 1
            file.set("parameters/average/head/bias", [Float(1)])
            file.datasets["optimizer/slots/first_moment/head/bias"] = nil
            file.set("history/agent_steps", [Int64(2000), 1000])
            file.set("workers/0/observation", [Float](repeating: 1, count: 5))
            file.datasets["workers/1/replay/flags"]?.bytes[3] = 16
            file.set("extensions/org.example.trainer/more", [Float(1)])
            file.set("else", [Float(1)])
        }
        let report = Verifier.verify(url, deep: true)
        #expect(rules(report) == [11, 9, 12, 13, 14, 15, 16, 7])
        #expect(report.failures[1].message.contains("/parameters/target/head/bias"))
        #expect(report.failures[5].message.contains("/workers/1/replay"))
        #expect(report.unchecked == nil && report.digest == nil && !report.isValid)
        let loading = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(loading?.description == report.failure?.description)
    }

    @Test func reportsUncheckedPartsWithoutANetwork() throws {
        let url = try forged("2.0") { file in
            file.set("architecture", text: "{")
            file.set("progress", text: "[]")
            file.set("history/agent_steps", [Int64(2000), 1000])
            // Its digest is wrong, which is detected without the network.
            file.listedAs["parameters/online/head/bias"] = file.datasets["parameters/online/head/bias"]
            file.datasets["parameters/online/head/bias"]?.bytes[0] ^= 1
        }
        let report = Verifier.verify(url)
        #expect(rules(report) == [10, 10, 13, 9])
        #expect(report.unchecked?.contains("/parameters") == true)
        let stopped = try forged("2.0") { $0.editManifestSecretly = { $0 + " " } }
        #expect(rules(Verifier.verify(stopped)) == [4])
        #expect(Verifier.verify(stopped).unchecked?.hasPrefix("everything else") == true)
    }

    @Test func listsSixteenFailuresPerRule() throws {
        var damaged = 0
        let url = try forged("1.1") { file in
            for (path, dataset) in file.datasets where !dataset.bytes.isEmpty && path != "architecture" {
                file.listedAs[path] = dataset
                file.datasets[path]?.bytes[0] ^= 1
                damaged += 1
            }
        }
        let failures = Verifier.verify(url).failures
        #expect(damaged > 40)
        #expect(failures.count == 17 && failures.allSatisfy { $0.rule == 9 })
        #expect(failures.last?.message == "\(damaged - 16) more parts of the file break this rule.")
    }

    /// A seal covers a replay's bytes; only `deep` inflates those columns whose content no rule restricts.
    @Test func onlyDeepVerificationInflatesAllSealedReplays() throws {
        for version in FormatVersion.known {
            let url = try forged(version) { $0.datasets["workers/0/replay/flags"]?.bytes[3] = 16 }
            #expect(rules(Verifier.verify(url)) == [15], "\(version)")
            #expect(rules(Verifier.verify(url, deep: true)) == [15], "\(version)")
        }
        // Any byte is a pixel.
        let url = folder.file("pixels.h5")
        try Samples.pixels().write(to: url, version: "2.0")
        var file = try ForgedFile(reading: url)
        file.listedAs["workers/0/replay/frames"] = file.datasets["workers/0/replay/frames"]
        file.datasets["workers/0/replay/frames"]?.bytes[0] ^= 1
        try file.write(to: url)
        #expect(Verifier.verify(url).isValid)
        #expect(rules(Verifier.verify(url, deep: true)) == [9])
        // What needs no inflating is always checked.
        let lacking = try forged("2.0") { $0.lackingChunks = ["workers/1/replay/flags"] }
        #expect(rules(Verifier.verify(lacking)) == [21])
        #expect(rules(Verifier.verify(lacking, deep: true)) == [21])
        #expect(#expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: lacking) }?.rule == 21)
        #expect(rules(Verifier.verify(try forged("2.0") { $0.datasets["workers/0/replay/rewards"] = nil })) == [15])
        #expect(
            rules(
                Verifier.verify(
                    try forged("2.0") { $0.replace("workers/0/state", "\"cursor\":36", with: "\"cursor\":3") }))
                == [15])
    }

    /// Files of all versions satisfy also the rules that loading does not check.
    @Test(arguments: FormatVersion.known)
    func deepVerificationAcceptsGoldenFiles(_ version: String) {
        for url in GoldenFileTests.files(version) {
            let report = Verifier.verify(url, deep: true)
            #expect(report.isValid, "\(url.lastPathComponent): \(report.failures)")
        }
    }
}

/// Tests of rule 22: the slots of a replay form valid episodes.
struct EpisodeRuleTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Returns the failures of deep verification for a sample with changed flags and actions.
    private func failures(
        _ flags: [Int: UInt8], of sample: Checkpoint? = nil, priorities: Double? = nil
    ) throws -> [CheckpointError] {
        var checkpoint = try sample ?? Samples.whole()
        var replay = try #require(checkpoint.workers[0].replay)
        let cursor = replay.cursor
        for index in replay.columns.indices {
            let name = replay.columns[index].name
            for (slot, flag) in flags {
                let row = slot % 16
                replay.columns[index].chunks[slot / 16].withMutableBytes { chunk in
                    switch name {
                    case "flags": chunk[row] = flag
                    case "actions":
                        let action: Int32 = flag & 8 != 0 || slot == cursor ? -1 : 0
                        chunk.storeBytes(of: action, toByteOffset: 4 * row, as: Int32.self)
                    case "priorities" where flag & 8 != 0:
                        chunk.storeBytes(of: 0, toByteOffset: 8 * row, as: Double.self)
                    default: break
                    }
                }
            }
            guard let priorities, name == "priorities" else { continue }
            for slot in 0..<replay.count where slot != cursor && slot != 13 {
                replay.columns[index].chunks[slot / 16].withMutableBytes {
                    $0.storeBytes(of: priorities, toByteOffset: 8 * (slot % 16), as: Double.self)
                }
            }
        }
        checkpoint.workers[0].replay = replay
        let url = folder.file("a.h5")
        try checkpoint.write(to: url, overwriting: true)
        // Neither loading nor plain verification checks it.
        #expect(throws: Never.self) { try Checkpoint(contentsOf: url) }
        #expect(Verifier.verify(url).isValid)
        return Verifier.verify(url, deep: true).failures
    }

    private func rules(_ flags: [Int: UInt8], of sample: Checkpoint? = nil, priorities: Double? = nil) throws -> [Int?]
    {
        try failures(flags, of: sample, priorities: priorities).map(\.rule)
    }

    @Test func rule22AnEpisodeStartFollowsAnEnd() throws {
        #expect(try rules([:]) == [])
        #expect(try rules([7: 0]) == [22])
        #expect(try rules([6: 2, 7: 8, 8: 0]) == [22])
        #expect(try rules([6: 2, 7: 8, 8: 4]) == [])
        // Terminated at the time limit: no bootstrapping, so no final observation follows.
        #expect(try rules([6: 3]) == [])
        // The rule came with 2.0 and does not apply to older files.
        _ = try rules([7: 0])
        try Checkpoint(contentsOf: folder.file("a.h5")).write(to: folder.file("old.h5"), version: "1.1")
        #expect(Verifier.verify(folder.file("old.h5"), deep: true).isValid)
        // A repaired file satisfies it.
        let outcome = try CheckpointRepair.repair(folder.file("a.h5"), to: folder.file("saved.h5"))
        #expect(outcome.lost.map(\.part) == ["workers/0/replay"] && outcome.lost.first?.rule == 22)
        #expect(Verifier.verify(folder.file("saved.h5"), deep: true).isValid)
        let message = try #require(try failures([7: 0]).first?.message)
        #expect(message.contains("/workers/0/replay") && message.contains("slot 7"))
    }

    @Test func rule22FinalObservationsFollowOnlyTruncatedSteps() throws {
        #expect(try rules([5: 2]) == [22])
        #expect(try rules([8: 8, 9: 4]) == [22])
        #expect(try rules([6: 2, 7: 12]) == [22])
        #expect(try rules([35: 2, 36: 8]) == [22])
    }

    /// An abandoned episode has no end.
    @Test func rule22AnEpisodeMayStartAnywhere() throws { #expect(try rules([9: 4]) == []) }

    /// In a full ring the oldest slot is after the cursor; the slot before it was overwritten.
    @Test func rule22ChecksAFullRingAcrossItsEnd() throws {
        let sample = try Samples.pixels()
        #expect(try rules([13: 8, 14: 4], of: sample) == [])
        #expect(try rules([39: 1, 0: 0], of: sample) == [22])
        #expect(try rules([39: 1, 0: 4], of: sample) == [])
        #expect(try rules([12: 8], of: sample) == [22])
    }

    @Test func rule22PrioritiesHaveAFinitePositiveSum() throws {
        let sample = try Samples.prioritized()
        #expect(try rules([:], of: sample) == [])
        #expect(try rules([:], of: sample, priorities: 0) == [22])
        #expect(try rules([:], of: sample, priorities: .greatestFiniteMagnitude) == [22])
    }
}
