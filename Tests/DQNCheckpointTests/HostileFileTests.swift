import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Files made by another program (`Fixtures/scripts/make_hostile_checkpoints.py`) with what our own writer cannot make;
/// the name tells the rule that each breaks.
struct HostileFileTests {
    static let files: [URL] = {
        let folder = GoldenFileTests.folder.appendingPathComponent("hostile")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".h5") }.sorted().map { folder.appendingPathComponent($0) }
    }()

    @Test func theyAreThere() { #expect(Self.files.count == 14) }

    @Test(arguments: files)
    func hostileFilesAreRefused(_ url: URL) throws {
        let rule = try #require(Int(url.lastPathComponent.split(separator: "-")[1]))
        let failure = Verifier.verify(url).failure
        #expect(failure?.rule == rule, "\(String(describing: failure))")
        #expect(failure?.code == .malformed)
        #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        // What plays is read in part only; these changes are all in what it reads or in the structure.
        #expect(throws: CheckpointError.self) { try CheckpointPolicy(contentsOf: url) }
    }

    /// Small files of `Fixtures/scripts/make_hostile_files.py`, whose seals and digests are right.
    static let smallFiles: [URL] = {
        let folder = GoldenFileTests.folder.deletingLastPathComponent().appendingPathComponent("hostile")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".h5") }.sorted().map { folder.appendingPathComponent($0) }
    }()

    @Test func theSmallOnesAreThere() { #expect(Self.smallFiles.count == 222) }

    @Test(arguments: smallFiles)
    func smallHostileFilesAreRefused(_ url: URL) throws {
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
        // Its seal is right: loading compares no digest of a dataset.
        if rule == 9, parts.last == "2.0.h5" { return }
        let loading = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(loading?.rule == rule)
        // These read a part only, which may be sound.
        _ = try? CheckpointPolicy(contentsOf: url)
        _ = try? CheckpointSummary(contentsOf: url)
    }
}
