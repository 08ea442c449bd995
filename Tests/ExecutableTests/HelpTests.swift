import CommandLineSupport
import Foundation
import Testing

/// Help and error texts, as recorded in `Fixtures/help`.
///
/// `DQN_RECORD_HELP=1 swift test --filter HelpTests` records them anew; read them before you commit.
@Suite struct HelpTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/help")

    private static let commands = [
        "dqn-train", "dqn-play", "dqn-checkpoint", "dqn-checkpoint show", "dqn-checkpoint ls", "dqn-checkpoint verify",
        "dqn-checkpoint repair", "dqn-checkpoint diff", "dqn-checkpoint convert", "dqn-checkpoint import",
        "dqn-checkpoint export", "dqn-checkpoint strip", "dqn-checkpoint plot",
    ]

    private func help(_ command: String, columns: String? = nil) throws -> String {
        let words = command.split(separator: " ").map(String.init)
        let result = try Program.run(
            words[0], Array(words.dropFirst()) + ["--help"],
            shell: columns.map { "export COLUMNS=\($0)" } ?? "unset COLUMNS")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return result.output
    }

    /// Compares a text with the recorded one, or records it.
    private func compare(_ text: String, with name: String) throws {
        let file = Self.folder.appendingPathComponent("\(name).txt")
        if ProcessInfo.processInfo.environment["DQN_RECORD_HELP"] != nil {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            return try Data(text.utf8).write(to: file)
        }
        let recorded = try String(contentsOf: file, encoding: .utf8)
        #expect(text == recorded, "\(name): record it with DQN_RECORD_HELP=1 and read it")
    }

    @Test(arguments: commands) func helpIsAsRecorded(command: String) throws {
        let text = try help(command)
        try compare(text, with: command.replacing(" ", with: "-"))
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }

    /// An example is what people copy: it stays whole on a narrow terminal, and names options that exist.
    @Test(arguments: commands) func examplesStayWhole(command: String) throws {
        let (wide, narrow) = (try help(command), try help(command, columns: "50"))
        let examples = Self.examples(wide)
        #expect(!examples.isEmpty && examples == Self.examples(narrow), "\(narrow)")
        for line in narrow.split(separator: "\n") where !examples.contains(String(line)) {
            #expect(line.count <= 50 || !line.trimmingPrefix(while: { $0 == " " }).contains(" "), "\(line)")
        }
        var continued = false
        for line in examples {
            let text = line.trimmingCharacters(in: .whitespaces)
            #expect(continued || text.hasPrefix("#") || text.hasPrefix("dqn-"), "\(line)")
            continued = text.hasSuffix("\\")
        }
        let program = String(command.prefix { $0 != " " })
        var known: [String: String] = [:]
        for example in examples.joined(separator: "\n").replacing("\\\n", with: "").split(separator: "\n") {
            let words = example.split(separator: " ").map(String.init)
            guard words.first == program else { continue }
            let name = program == "dqn-checkpoint" ? "\(program) \(words[1])" : program
            if known[name] == nil { known[name] = try help(name) }
            for option in words where option.hasPrefix("--") {
                #expect(known[name]?.contains(option) == true, "\(example) has the unknown \(option)")
            }
        }
    }

    private static func examples(_ help: String) -> [String] {
        help.split(separator: "\n", omittingEmptySubsequences: false).drop { $0 != "EXAMPLES" }.dropFirst()
            .prefix { $0.hasPrefix("  ") }.map(String.init)
    }

    /// One line each: the thing, the rule, the remedy.
    @Test func errorsAreAsRecorded() throws {
        let directory = try TemporaryDirectory()
        var text = ""
        for line in [
            "dqn-train --env CartPoel-v1", "dqn-train --steps many", "dqn-train --sede 3",
            "dqn-train --time-limit soon", "dqn-train --memory much", "dqn-train --save-on-signal KILL",
            "dqn-checkpoint plot none -o a.svg --size 10x10", "dqn-checkpoint diff none none --tolerance x",
            "dqn-train --list methods --env x",
            "dqn-train --list method", "dqn-train --env CartPole-v1 --method dqm",
            "dqn-train --env CartPole-v1 --preset zo",
            "dqn-train --env CartPole-v1 --set learning_rat=1", "dqn-train --resume none", "dqn-play none",
            "dqn-play none --episodes 0", "dqn-play", "dqn-checkpoint", "dqn-checkpoint shwo",
            "dqn-checkpoint shwo none --json", "dqn-checkpoint shwo --help", "dqn-checkpoint help shwo",
            "dqn-checkpoint runs/cartpole",
            "dqn-checkpoint show none",
            "dqn-checkpoint show none --which newest", "dqn-checkpoint ls none", "dqn-checkpoint diff none",
            "dqn-checkpoint diff none none", "dqn-checkpoint convert none new.h5 --to 3.0", "dqn-checkpoint strip a b",
            "dqn-checkpoint verify none --memory 1G", "dqn-checkpoint export none new.txt",
        ] {
            let words = line.split(separator: " ").map(String.init)
            let result = try Program.run(
                words[0], Array(words.dropFirst()), shell: "unset COLUMNS; cd '\(directory.path)'")
            // Without a subcommand the program prints its help.
            if line != "dqn-checkpoint" {
                #expect(result.status != 0 && result.output.isEmpty && result.errorLine != nil, "\(line): \(result)")
            }
            let folder = URL(fileURLWithPath: directory.path).resolvingSymlinksInPath().path
            let shown = line == "dqn-checkpoint" ? "" : result.errors.replacing(folder, with: "/folder")
            text += "$ \(line)\n\(shown.replacing(directory.path, with: "/folder"))exit code \(result.status)\n\n"
        }
        try compare(text, with: "errors")
    }

    @Test func theVersionNamesTheCommit() throws {
        for program in ["dqn-train", "dqn-play", "dqn-checkpoint"] {
            let text = try Program.run(program, "--version").output
            #expect(
                text.wholeMatch(of: #/\d+\.\d+\.\d+ \((commit [0-9a-f]{12}\+?|commit not recorded)\)\n/#) != nil,
                "\(text)")
        }
    }

    @Test func whatContinuesALineIsIndentedLikeIt() {
        let text = """
            OVERVIEW: Short.

            CODES
              65   A checkpoint is malformed, or so it seems to be.

            EXAMPLES
              dqn-train --env CartPole-v1 --out runs/a-long-name-of-a-run

            USAGE: dqn-train <options> [--format <format>] [--which <which>]

            OPTIONS:
              --env <id>              Environment id, such as CartPole-v1.
            """
        #expect(
            HelpText.wrapped(text, columns: 44) == """
                OVERVIEW: Short.

                CODES
                  65   A checkpoint is malformed, or so it
                       seems to be.

                EXAMPLES
                  dqn-train --env CartPole-v1 --out runs/a-long-name-of-a-run

                USAGE: dqn-train <options>
                       [--format <format>] [--which <which>]

                OPTIONS:
                  --env <id>              Environment id,
                                      such as CartPole-v1.
                """)
    }
}
