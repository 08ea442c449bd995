import Foundation
import Testing

/// Every block of every document is tested in some way, or states why it cannot be.
@Suite struct DocumentBlockTests {
    @Test func everyPageIsFound() {
        for page in ["README.md", "CONTRIBUTING.md", "docs/training.md", "docs/results/speed.md", "Python/README.md"] {
            #expect(Documents.pages.contains(page), "\(page)")
        }
        #expect(Documents.blocks.count > 100)
    }

    @Test func aBlockHasItsMarksAndItsIndentation() {
        let text = """
            1. Step

               <!-- not run: needs a cluster -->
               ```sh
               first \\
                   second
               ```
            <!-- no blocks of this page run: an hour -->
            ```text
            output
            ```
            """
        let blocks = Documents.blocks(of: text, page: "page.md")
        #expect(blocks.map(\.text) == ["first \\\n    second", "output"])
        #expect(blocks.map(\.language) == ["sh", "text"] && blocks.map(\.line) == [4, 9])
        #expect(blocks[0].mark("not run") == "needs a cluster" && blocks[0].mark("run") == nil)
        #expect(blocks.allSatisfy { $0.pageReason == "an hour" })
    }

    @Test(arguments: Documents.blocks) func everyBlockIsTested(_ block: DocumentBlock) throws {
        switch block.language {
        case "", "sh", "console":
            // Commands run, or the page states why not.
            let outcomes = ["run", "run after", "not run", "run by", "snippet"].filter { block.mark($0) != nil }
            #expect(outcomes.count == 1 || (outcomes.isEmpty && block.pageReason != nil), "\(block.marks)")
            if let reason = block.mark("not run") { #expect(reason.count > 10) }
            if let suite = block.mark("run by") { try expectTest(suite, of: block.page) }
        case "swift": break  // SwiftBlockTests
        case "python":
            // Python/tests/test_documentation.py, which lists its pages.
            #expect(try Documents.text("Python/tests/test_documentation.py").contains("\"\(block.page)\""))
        case "c": #expect(block.page == "docs/environments.md", "CompiledPlugin compiles the block of that page alone")
        case "ini", "yaml": #expect(block.mark("snippet") != nil || block.mark("run by") != nil, "not tested")
        case "dockerfile": try expectTest(try #require(block.mark("run by")), of: block.page)
        case "json": try parse(block.text)
        case "text": break  // What programs print, and pictures.
        default: Issue.record("unknown language '\(block.language)'; use text for what is no code")
        }
    }

    /// Parses a JSON document whose left-out parts are ellipses.
    private func parse(_ text: String) throws {
        let whole = text.replacing(/,?\s*…/, with: "")
        _ = try JSONSerialization.jsonObject(with: Data(whole.utf8))
    }

    /// Expects a suite that reads a page.
    private func expectTest(_ suite: String, of page: String) throws {
        let name = try #require(page.split(separator: "/").last)
        let files = try Documents.files(".swift").filter { $0.hasPrefix("Tests/") }
        let found = try files.contains { file in
            let text = try Documents.text(file)
            return text.contains("struct \(suite)") && text.contains(name)
        }
        #expect(found, "no suite \(suite) that names \(name)")
    }
}
