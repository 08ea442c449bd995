import DQNCheckpoint
import Foundation
import Testing

/// The format's document lists what the code knows.
struct DocumentationTests {
    @Test func rulesAndVersions() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/format.md")
        let text = try String(contentsOf: url, encoding: .utf8)
        let rules = text.split(separator: "\n").filter { $0.hasPrefix("| R") }.compactMap { line in
            Int(line.dropFirst(3).prefix { $0.isNumber })
        }
        // As many as the rule tests cover.
        #expect(rules == Array(1...22))
        for version in FormatVersion.known { #expect(text.contains("\n| \(version) | "), "\(version)") }
        #expect(text.contains("| Version | \(FormatVersion.current) |"))
    }
}
