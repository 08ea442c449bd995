import DQNLearning
import DQNTraining
import Foundation
import Testing

/// `docs/configuration.md` lists every key exactly as the code defines it; `DQN_RECORD_DOCS=1` rewrites it.
@Suite struct DocumentationTests {
    static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("docs/configuration.md")

    static var contents: String {
        let head = """
            # Configuration keys

            This page lists every setting that determines what a run computes. `dqn-train --print-config` prints all
            settings for an environment and preset; `--set key=value` sets one, `--config FILE.json` several. Each
            checkpoint stores all of them in `/configuration`. Steps are agent steps. This page is generated from the
            code, and a test compares the two.

            | key | allowed | meaning |
            |---|---|---|

            """
        return head + ConfigurationKey.all.map { "| `\($0.name)` | \($0.allowed) | \($0.help) |\n" }.joined()
    }

    @Test func theConfigurationPageMatchesTheCode() throws {
        if ProcessInfo.processInfo.environment["DQN_RECORD_DOCS"] == "1" {
            try Data(Self.contents.utf8).write(to: Self.file)
        }
        #expect(try String(contentsOf: Self.file, encoding: .utf8) == Self.contents)
    }
}
