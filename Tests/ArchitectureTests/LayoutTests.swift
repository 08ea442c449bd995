import Foundation
import Testing

/// The rules of CONTRIBUTING for files and folders.
@Suite struct LayoutTests {
    @Test func noFileIsLongerThanThreeHundredLines() throws {
        for file in try Repository.files(below: "Sources", suffixes: [".swift", ".h", ".c"]) {
            let lines = try Repository.text(file).split(separator: "\n", omittingEmptySubsequences: false).count - 1
            #expect(lines <= 300, "\(file) has \(lines) lines")
        }
    }

    @Test func noFolderOfAModuleHoldsOneFile() throws {
        let files = try Repository.files(below: "Sources", suffixes: [".swift"])
        let folders = Dictionary(grouping: files) { NSString(string: $0).deletingLastPathComponent }
        for (folder, contents) in folders where contents.count == 1 {
            // A module may be one file, and a format version may differ from its neighbour in one.
            let isModule = folder.split(separator: "/").count == 2
            #expect(isModule || folder.contains("/Versions/"), "\(folder) holds nothing but \(contents)")
        }
    }

    @Test func thePublicSurfaceStaysNarrow() throws {
        let lines = try Repository.files(below: "Sources", suffixes: [".swift"]).flatMap { file in
            try Repository.text(file).split(separator: "\n").filter { $0.drop { $0 == " " }.hasPrefix("public ") }
        }
        // 27 of them are the product DQNCommandLine and the defaults of `Environment`: strangers' packages call them.
        #expect(lines.count <= 749, "\(lines.count) public declarations and imports")
    }
}
