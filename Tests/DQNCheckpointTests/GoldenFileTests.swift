import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests that files of every released format version (`Fixtures/checkpoints/VERSION/NAME.h5`) stay readable with the
/// same content, whose digest is in `NAME.sha256` beside each.
///
/// A new golden file of the current version is put into its folder, and its digest recorded by running this test with
/// `DQN_RECORD_CHECKPOINTS=1`; this also creates missing samples of the current version. An existing digest is never
/// overwritten: delete it first, and explain in the commit why the content may change. Nothing is ever recorded for an
/// older version.
struct GoldenFileTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/checkpoints")
    static let isRecording = ProcessInfo.processInfo.environment["DQN_RECORD_CHECKPOINTS"] == "1"

    static func files(_ version: String) -> [URL] {
        let folder = folder.appendingPathComponent(version)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".h5") }.sorted().map { folder.appendingPathComponent($0) }
    }

    /// The golden files of each version that are made from samples.
    static func samples(_ version: String) throws -> [(name: String, sample: Checkpoint)] {
        let first = [("sample-vector.h5", try Samples.whole()), ("sample-pixels.h5", try Samples.pixels())]
        if version == "1.0" { return first }
        return first + (try Samples.format1_1()) + (version == FormatVersion.current ? try Samples.format2_1() : [])
    }

    @Test(arguments: FormatVersion.known)
    func loadsEveryGoldenFile(_ version: String) throws {
        let isRecording = Self.isRecording && version == FormatVersion.current
        if isRecording { try recordSamples() }
        let files = Self.files(version)
        #expect(!files.isEmpty, "no golden file of version \(version)")
        for url in files {
            #expect(Verifier.verify(url).isValid, "\(url.lastPathComponent)")
            #expect(try CheckpointSummary(contentsOf: url).version == version)
            let content = try everything(Checkpoint(contentsOf: url), version: version).sorted { $0.key < $1.key }
                .map { "\($0.key): \($0.value)\n" }.joined()
            let digest = try FileDigest.hexadecimal(of: content.utf8)
            let record = url.deletingPathExtension().appendingPathExtension("sha256")
            if isRecording, !FileManager.default.fileExists(atPath: record.path) {
                try Data((digest + "\n").utf8).write(to: record)
            }
            #expect(try String(contentsOf: record, encoding: .utf8) == digest + "\n", "\(url.lastPathComponent)")
        }
    }

    /// The golden files have the content of the samples, which protects against a wrongly recorded digest.
    @Test(arguments: FormatVersion.known)
    func goldenFilesMatchTheSamples(_ version: String) throws {
        let folder = Self.folder.appendingPathComponent(version)
        for (name, sample) in try Self.samples(version) {
            let read = try Checkpoint(contentsOf: folder.appendingPathComponent(name))
            #expect(try everything(read, version: version) == everything(sample, version: version), "\(name)")
        }
    }

    /// A frozen version has a file of every method, and one with an origin.
    @Test func everyMethodAndAnOriginAreFrozenIn2_1() throws {
        let names = Set(Self.files("2.1").map { $0.deletingPathExtension().lastPathComponent })
        for method in BuiltInMethod.allCases {
            #expect(names.contains("method-\(method.rawValue)"), "\(method.rawValue)")
            let url = Self.folder.appendingPathComponent("2.1/method-\(method.rawValue).h5")
            #expect(try Checkpoint(contentsOf: url).configuration["method"] == .string(method.rawValue))
        }
        let url = Self.folder.appendingPathComponent("2.1/import-stable-baselines3.h5")
        let imported = try Checkpoint(contentsOf: url)
        let origin = try #require(imported.extensions.first { $0.owner == ExtensionGroup.originOwner })
        #expect(origin.state.kind == "import" && origin.state.version == 1 && !origin.mustUnderstand)
        #expect(Set(origin.state.values.keys) == ["file_sha256", "file_kind", "file_name"])
        #expect(origin.state.values["file_kind"] == .uint8(Array("stable-baselines3".utf8)))
    }

    private func recordSamples() throws {
        let folder = Self.folder.appendingPathComponent(FormatVersion.current)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, sample) in try Self.samples(FormatVersion.current) {
            let url = folder.appendingPathComponent(name)
            if !FileManager.default.fileExists(atPath: url.path) { try sample.write(to: url) }
        }
    }
}
