import Foundation
import Testing

/// Links, names of tests and quoted messages in the documents lead to something that exists.
@Suite struct DocumentLinkTests {
    private static let pages = Documents.pages.filter { !$0.hasPrefix("Sources/") }

    @Test(arguments: pages) func everyLinkLeadsSomewhere(_ page: String) throws {
        let folder = Documents.root.appendingPathComponent(page).deletingLastPathComponent()
        let text = try Self.withoutCode(Documents.text(page))
        for match in text.matches(of: /\]\(([^)\s]+)\)/) {
            let target = String(match.1)
            guard !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let file =
                parts[0].isEmpty
                ? Documents.root.appendingPathComponent(page) : folder.appendingPathComponent(parts[0])
            guard FileManager.default.fileExists(atPath: file.path) else {
                Issue.record("\(page) links to '\(target)', which does not exist")
                continue
            }
            guard parts.count == 2, file.pathExtension == "md" else { continue }
            let anchors = Self.anchors(of: try String(contentsOf: file, encoding: .utf8))
            #expect(anchors.contains(parts[1]), "\(page) links to '\(target)', which has no such heading")
        }
    }

    @Test func theReadmeListsEveryPage() throws {
        let readme = try Documents.text("README.md")
        for page in Self.pages where page.wholeMatch(of: /docs\/[\w-]+\.md/) != nil {
            #expect(readme.contains("(\(page))"), "\(page)")
        }
        for page in Documents.pages where page.contains(".docc/") && !page.hasSuffix("/\(Self.module(page)).md") {
            #expect(readme.contains("(\(page))"), "\(page)")
        }
    }

    /// Every public module has a catalogue, whose page is that of the module. DQNDistributed is a product for the package in
    /// Distributed/ alone, and has no public symbols but those of that SPI.
    @Test func everyProductHasACatalogue() throws {
        let products = try Documents.text("Package.swift").matches(of: /\.library\(name: "(\w+)"/).map { String($0.1) }
        #expect(products.count >= 10)
        for product in products where product != "DQNDistributed" {
            let page = try Documents.text("Sources/\(product)/\(product).docc/\(product).md")
            #expect(page.hasPrefix("# ``\(product)``\n") && page.contains("## Topics"))
        }
    }

    /// `SuiteTests` and `SuiteTests.function` between backticks are tests.
    @Test func everyNamedTestExists() throws {
        let tests = try Documents.files(".swift").filter { $0.hasPrefix("Tests/") }.map(Documents.text)
        var found = 0
        for page in Documents.pages where page != "CHANGELOG.md" {
            for match in try Documents.text(page).matches(of: /`([A-Z]\w*Tests)(?:\.(\w+))?`/) {
                found += 1
                let suite = tests.filter { $0.contains("struct \(match.1)") || $0.contains("extension \(match.1)") }
                #expect(!suite.isEmpty, "\(page) names \(match.0)")
                if let function = match.2 {
                    #expect(suite.contains { $0.contains("func \(function)(") }, "\(page) names \(match.0)")
                }
            }
        }
        #expect(found > 15)
    }

    /// The messages in the tables of `docs/troubleshooting.md` are those of the programs and scripts.
    @Test func quotedMessagesAreThoseOfThePrograms() throws {
        // Literals that continue on the next line are joined.
        let sources = try (Documents.files(".swift") + Documents.files(".py")).filter { $0.hasPrefix("Sources/") }
        let scripts = try FileManager.default.contentsOfDirectory(
            at: Documents.root.appendingPathComponent("Scripts"), includingPropertiesForKeys: nil
        ).filter { !$0.hasDirectoryPath && $0.pathExtension.isEmpty && $0.lastPathComponent != "Dockerfile" }
            .map { "Scripts/\($0.lastPathComponent)" }
        let text = try (sources + scripts).map(Documents.text).joined(separator: "\n")
            .replacing(/"\s*\n\s*\+ "/, with: "")
        var quoted = 0
        for line in try Documents.text("docs/troubleshooting.md").split(separator: "\n") where line.hasPrefix("| `") {
            let symptom = line.dropFirst(2).prefix { $0 != "|" }
            for match in symptom.matches(of: /`([^`]+)`/) {
                let message = match.1
                // Of compilers, not ours.
                guard message.contains(" "), !message.contains("file not found"), !message.hasPrefix("error: ") else {
                    continue
                }
                quoted += 1
                for part in message.split(separator: "…") where part.count > 3 {
                    #expect(text.contains(part), "no program prints '\(part)'")
                }
            }
        }
        #expect(quoted >= 15)
    }

    private static func module(_ page: String) -> String {
        page.split(separator: "/").dropFirst().first.map(String.init) ?? ""
    }

    private static func withoutCode(_ text: String) -> String {
        text.replacing(/(?ms)^ *```.*?^ *```$/, with: "").replacing(/`[^`\n]*`/, with: "`")
    }

    /// The anchors of headings, as GitHub makes them.
    private static func anchors(of text: String) -> Set<String> {
        var anchors: Set<String> = []
        for line in text.replacing(/(?ms)^ *```.*?^ *```$/, with: "").split(separator: "\n") where line.hasPrefix("#") {
            let title = line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
            var anchor = ""
            for character in title {
                if character == " " { anchor += "-" }
                if character.isLetter || character.isNumber || "-_".contains(character) { anchor.append(character) }
            }
            var (candidate, number) = (anchor, 0)
            while anchors.contains(candidate) {
                number += 1
                candidate = "\(anchor)-\(number)"
            }
            anchors.insert(candidate)
        }
        return anchors
    }
}
