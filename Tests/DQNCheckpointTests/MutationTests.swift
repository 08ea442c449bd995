import DQNCheckpoint
import Foundation
import Mutation
import Testing

/// Reads files that were changed where their structure is, with mended checksums and seals: only judgement can refuse
/// them. An ordinary run tries a sample; `Scripts/fuzz` and `Scripts/fuzz-programs` try many more.
///
/// A crash ends the whole test run, as it would end a program.
struct MutationTests {
    /// Small files of all formats and layouts.
    static let seeds: [URL] = {
        let checkpoints = GoldenFileTests.folder
        let hostile = checkpoints.deletingLastPathComponent().appendingPathComponent("hostile")
        let sound = HostileFileTests.smallFiles.filter { $0.lastPathComponent.hasPrefix("sound-") }
        let golden = ["1.0/dqn-cartpole-policy", "1.1/sample-workers", "2.0/sample-workers", "2.1/sample-environments"]
        return sound + golden.map { checkpoints.appendingPathComponent("\($0).h5") }
            + [hostile.appendingPathComponent("rule-6-soft-link-1.1.h5")]
    }()

    @Test(arguments: seeds)
    func readsOrRefusesMutatedFiles(_ url: URL) throws {
        let folder = try TemporaryFolder()
        let bytes = Array(try Data(contentsOf: url))
        for seed in 0..<12 {
            let mutated = StructureMutator.mutated(bytes, seed: UInt64(seed))
            try FileReading.readEverything(mutated, at: folder.file("mutated.h5"))
        }
    }

    /// The mutator finds the structures of files of all layouts, and its checksums are those that libhdf5 wrote.
    @Test(arguments: seeds)
    func understandsTheFiles(_ url: URL) throws {
        let bytes = Array(try Data(contentsOf: url))
        let structure = FileStructure(bytes)
        #expect(structure.base != nil && structure.headers.count > 3 && structure.messages.count > 20)
        #expect(structure.mended() == bytes)
        #expect(StructureMutator.mutated(bytes, seed: 1) == StructureMutator.mutated(bytes, seed: 1))
        #expect((0..<20).contains { StructureMutator.mutated(bytes, seed: $0) != bytes })
    }
}
