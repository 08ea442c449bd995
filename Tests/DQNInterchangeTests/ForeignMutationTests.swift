import DQNInterchange
import DQNModel
import Foundation
import Mutation
import Testing

/// Imports files that were changed where their structure is, with mended sizes and checksums. An ordinary run tries a
/// sample; `Scripts/fuzz --import` tries many more, and what it finds is in `Tests/Fuzz/Corpus-import`.
///
/// A crash ends the whole test run, as it would end a program.
@Suite struct ForeignMutationTests {
    static let seeds =
        names(in: Fixture.folder).filter {
            ![".json", ".py", ".md"].contains(where: $0.path.hasSuffix) && !$0.pathExtension.isEmpty
        }
        + [
            "keras/split.h5", "keras/dueling.keras", "names/kernels.npz", "names/numbers.npz", "names/ends.pth",
            "own/1.1-method-a3c.zip", "names/batch-norm.pth", "names/spectral-norm.pth",
            "names/flax-pictures.safetensors",
            "names/layer-norm.pth",
            "onnx/torch-pixels.onnx", "onnx/torch-smooth-dynamo.onnx", "onnx/keras-dueling-pixels.onnx",
            "stable-baselines/settings.zip", "stable-baselines/ppo.zip", "stable-baselines/normalized-inside.zip",
        ].map { Fixture.folder.appending(path: $0) }
    static let findings = names(
        in: Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Tests/Fuzz/Corpus-import"))

    private static func names(in folder: URL) -> [URL] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
            .map { folder.appending(path: $0) }.map { URL(filePath: $0.path) }
    }

    private static func withFile(_ body: (URL) throws -> Void) rethrows {
        let url = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }

    @Test(arguments: seeds)
    func importsOrRefusesMutatedFiles(_ url: URL) throws {
        let bytes = Array(try Data(contentsOf: url))
        try Self.withFile { file in
            for seed in 0..<20 {
                _ = try ForeignReading.readEverything(ForeignMutator.mutated(bytes, seed: UInt64(seed)), at: file)
            }
        }
    }

    @Test(arguments: findings)
    func importsOrRefusesWhatFuzzingFound(_ url: URL) throws {
        try Self.withFile { _ = try ForeignReading.readEverything(Array(try Data(contentsOf: url)), at: $0) }
    }

    /// The mutator finds the structure: many of its files are refused for what they mean, or are policies still.
    @Test func mutatedFilesPassTheirChecksums() throws {
        #expect(Self.seeds.count > 8 && !Self.findings.isEmpty)
        for name in ["weights.pth", "weights-older.pth", "weights.npz", "weights.safetensors", "stable-baselines3.zip"]
        {
            let bytes = try Fixture.bytes(name)
            #expect(ForeignMutator.mutated(bytes, seed: 1) == ForeignMutator.mutated(bytes, seed: 1))
            var messages: Set<String> = []
            var (policies, checksums) = (0, 0)
            for seed in 0..<60 {
                let mutated = ForeignMutator.mutated(bytes, seed: UInt64(seed))
                do throws(InterchangeError) {
                    _ = try ForeignPolicy(mutated[...], name: name, try ImportOptions())
                    policies += 1
                } catch {
                    messages.insert(error.message)
                    if error.message.contains("checksum") { checksums += 1 }
                }
            }
            #expect(policies > 2 && messages.count > 8, "\(name): \(policies), \(messages)")
            #expect(checksums <= 15, "\(name): \(checksums) of 60")
        }
    }
}
