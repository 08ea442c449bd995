import DQNCheckpoint
import Foundation
import Testing

/// Tests that the documentation of the format lists what the code supports.
struct DocumentationTests {
    @Test func documentationListsRulesAndVersions() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/format.md")
        let text = try String(contentsOf: url, encoding: .utf8)
        let rules = text.split(separator: "\n").filter { $0.hasPrefix("| R") }.compactMap { line in
            Int(line.dropFirst(3).prefix { $0.isNumber })
        }
        // The rules that the rule tests cover.
        #expect(rules == Array(1...31))
        for version in FormatVersion.known { #expect(text.contains("\n| \(version) | "), "\(version)") }
        #expect(text.contains("| Version | \(FormatVersion.current) |"))
    }
}
