import Foundation
import Testing

/// Reads again the files that fuzzing found (`Scripts/fuzz`, `Tests/Fuzz/Corpus`).
struct FuzzCorpusTests {
    static let files: [URL] = {
        let folder = GoldenFileTests.folder.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Tests/Fuzz/Corpus")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().map { folder.appendingPathComponent($0) }
    }()

    @Test func findsTheCorpus() { #expect(!Self.files.isEmpty) }

    @Test(arguments: files)
    func loadsOrRefusesEveryFile(_ file: URL) throws {
        let folder = try TemporaryFolder()
        try FileReading.readEverything(Array(try Data(contentsOf: file)), at: folder.file("made-up.h5"))
    }
}
