import DQNCheckpoint
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
}
