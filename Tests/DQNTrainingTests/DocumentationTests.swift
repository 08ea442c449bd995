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

            Every setting that decides what a run computes. `dqn-train --print-config` prints them all for an environment
            and preset; `--set key=value` sets one, `--config FILE.json` several; each checkpoint stores all of them in
            `/configuration`. Steps are agent steps. This page is written from the code and checked by a test.

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
