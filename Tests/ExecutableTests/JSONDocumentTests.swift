import Foundation
import Testing

/// Every document that a command prints with `--json` has the keys that `docs/command-line.md` describes.
@Suite struct JSONDocumentTests {
    private let directory: TemporaryDirectory
    private let document: String

    init() throws {
        directory = try TemporaryDirectory()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        document = try String(contentsOf: root.appendingPathComponent("docs/command-line.md"), encoding: .utf8)
    }

    /// The keys of a document, except those inside of stored documents and of what names choose.
    private func keys(_ value: Any) -> Set<String> {
        if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(keys($1)) } }
        return (value as? [String: Any] ?? [:]).reduce(into: []) { found, member in
            found.insert(member.key)
            if !["configuration", "architecture", "texts", "warnings"].contains(member.key) {
                found.formUnion(keys(member.value))
            }
        }
    }

    private func documented(_ command: String) throws -> Set<String> {
        let start = try #require(document.range(of: "### `\(command)`\n"), "\(command) has no section")
        let section = document[start.upperBound...].prefix(
            upTo: document[start.upperBound...].range(of: "\n### ")?.lowerBound ?? document.endIndex)
        return Set(section.matches(of: #/`([a-z][a-z0-9_]*)`/#).map { String($0.1) })
    }

    @Test func keysAreDocumented() throws {
        try FileManager.default.createDirectory(atPath: directory("runs"), withIntermediateDirectories: true)
        let run = directory("runs/a")
        let trained = ["--env", "CartPole-v1", "--steps", "400", "--out", run, "-q"] + tiny
        let first = directory.checkpointURL("runs/a", 0).path
        let last = directory.checkpointURL("runs/a", 400).path
        let damaged = directory("damaged.h5")
        let commands: [(section: String, arguments: [String], status: Int32)] = [
            ("dqn-train", trained, 0),
            ("dqn-train --list environments", [], 0), ("dqn-train --list methods", [], 0),
            ("dqn-train --list presets", [], 0), ("dqn-play", [run, "--episodes", "2", "--max-steps", "9"], 0),
            ("dqn-checkpoint show", [run], 0), ("dqn-checkpoint ls", [run], 0),
            ("dqn-checkpoint ls", [directory("runs")], 0),
            ("dqn-checkpoint verify", [last, damaged], 65),
            ("dqn-checkpoint repair", [damaged, directory("saved.h5")], 0),
            ("dqn-checkpoint diff", [first, last], 1),
            ("dqn-checkpoint convert", [last, directory("old.h5"), "--to", "1.1", "--allow-lossy"], 0),
            ("dqn-checkpoint strip", [last, directory("policy.h5"), "--all-but-policy"], 0),
            ("dqn-checkpoint export", [last, directory("a.safetensors"), "--pytorch-module"], 0),
            ("dqn-checkpoint import", [directory("a.safetensors"), directory("again.h5")], 0),
            ("dqn-checkpoint plot", [run, "-o", directory("a.svg")], 0),
            ("dqn-play", [run, "--record", directory("film.gif"), "--max-steps", "9"], 0),
        ]
        for (section, arguments, status) in commands {
            if section == "dqn-checkpoint verify" {
                var bytes = try Data(contentsOf: URL(fileURLWithPath: last))
                let place = try #require(bytes.range(of: Data("\"step_count\":".utf8)))
                bytes[place.lowerBound + 1] ^= 1
                try bytes.write(to: URL(fileURLWithPath: damaged))
            }
            let words = section.split(separator: " ").map(String.init)
            let result = try Program.run(words[0], Array(words.dropFirst()) + arguments + ["--json"])
            #expect(result.status == status, "\(section): \(result)")
            let value = try JSONSerialization.jsonObject(with: Data(result.output.utf8), options: .fragmentsAllowed)
            let missing = keys(value).subtracting(try documented(section))
            #expect(
                missing.isEmpty, "\(section) prints \(missing.sorted()), which docs/command-line.md does not describe")
        }
        // The test cannot pass by finding nothing.
        #expect(try documented("dqn-checkpoint diff").contains("relative_distance"))
    }

    /// Each command prints a document if it is asked to: those of the programs, and of programs with all commands.
    @Test func everyCommandHasJSON() throws {
        for program in ["dqn-checkpoint", "Lab"] {
            let help = try Program.run(program, "--help").output
            let list = try #require(help.range(of: "SUBCOMMANDS:\n"))
            let commands = help[list.upperBound...].split(separator: "\n").prefix { $0.hasPrefix("  ") }
                .filter { !$0.hasPrefix("   ") && !$0.hasPrefix("  See ") }.compactMap {
                    $0.split(separator: " ").first.map(String.init)
                }
            #expect(commands.contains("plot") && commands.count >= 10, "\(help)")
            for command in commands {
                #expect(try Program.run(program, command, "--help").output.contains("--json"), "\(program) \(command)")
            }
        }
        for program in ["dqn-train", "dqn-play"] {
            #expect(try Program.run(program, "--help").output.contains("--json"), "\(program)")
        }
    }
}
