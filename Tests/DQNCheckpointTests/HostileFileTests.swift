import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests of files made by another program (`Fixtures/scripts/make_hostile_checkpoints.py`) with content that our writer
/// cannot produce. The name of a file contains the rule that it breaks.
struct HostileFileTests {
    static let files: [URL] = {
        let folder = GoldenFileTests.folder.appendingPathComponent("hostile")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".h5") }.sorted().map { folder.appendingPathComponent($0) }
    }()

    @Test func findsTheHostileCheckpoints() { #expect(Self.files.count == 14) }

    @Test(arguments: files)
    func refusesHostileCheckpoints(_ url: URL) throws {
        let rule = try #require(Int(url.lastPathComponent.split(separator: "-")[1]))
        let failure = Verifier.verify(url).failure
        #expect(failure?.rule == rule, "\(String(describing: failure))")
        #expect(failure?.code == .malformed)
        #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        // A policy is only a part of a file; these changes all affect it or the structure.
        #expect(throws: CheckpointError.self) { try CheckpointPolicy(contentsOf: url) }
    }

    /// Small files of `Fixtures/scripts/make_hostile_files.py` with valid seals and digests.
    static let smallFiles: [URL] = {
        let folder = GoldenFileTests.folder.deletingLastPathComponent().appendingPathComponent("hostile")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".h5") }.sorted().map { folder.appendingPathComponent($0) }
    }()

    @Test func findsTheSmallHostileFiles() { #expect(Self.smallFiles.count == 324) }

    @Test(arguments: smallFiles)
    func refusesSmallHostileFiles(_ url: URL) throws {
        let parts = url.lastPathComponent.split(separator: "-")
        let report = Verifier.verify(url, deep: true)
        guard parts[0] == "rule" else {
            #expect(report.isValid, "\(String(describing: report.failure))")
            _ = try Checkpoint(contentsOf: url)
            _ = try CheckpointPolicy(contentsOf: url)
            return
        }
        let rule = try #require(Int(parts[1]))
        #expect(report.failure?.rule == rule, "\(String(describing: report.failure))")
        #expect(report.failure?.code == (rule == 3 ? .unsupportedVersion : .malformed))
        // The seal is valid, so loading does not compare digests of datasets.
        if rule == 9, parts.last == "2.0.h5" { return }
        let loading = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(loading?.rule == rule)
        // These read only a part of the file, and that part may be valid.
        _ = try? CheckpointPolicy(contentsOf: url)
        _ = try? CheckpointSummary(contentsOf: url)
    }
}
