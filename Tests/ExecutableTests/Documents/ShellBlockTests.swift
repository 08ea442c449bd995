import Foundation
import Testing

/// Every command in a document fits the parser of its program, or the script that it names.
@Suite struct ShellBlockTests {
    private static let blocks = Documents.blocks.filter(\.isShell)

    /// Commands that are not ours, and words of the shell.
    private static let known: Set<String> = [
        "apt", "bash", "break", "cat", "cd", "clang", "cp", "do", "docker", "done", "echo", "else", "esac", "exec",
        "exit",
        "fi", "for", "git", "head", "if", "in", "kill", "ls", "mkdir", "nohup", "npm", "pip", "podman", "python",
        "python3", "python3.11", "sbatch", "scontrol", "srun", "swift", "systemctl", "tail", "tensorboard", "then",
        "timeout",
        "trap", "wait", "while", "[", "source", "export", "sudo", "rm", "mv", "curl", "man", "complete", "jq", "brew",
    ]

    @Test func theGrammarsAreThoseOfThePrograms() throws {
        #expect(ProgramGrammar.all.count == ProgramGrammar.programs.count)
        #expect(ProgramGrammar.settings.count > 30)
        let train = try #require(ProgramGrammar.all["dqn-train"])
        #expect(train.problems(in: ["--env", "CartPole-v1", "--set", "learning_rate=1e-3", "-q"]).isEmpty)
        #expect(train.problems(in: ["--environment", "CartPole-v1"]) == ["no option '--environment'"])
        #expect(train.problems(in: ["--steps"]) == ["'--steps' needs a value"])
        #expect(train.problems(in: ["--set", "learn_rate=1"]) == ["'learn_rate' is no setting"])
        #expect(train.problems(in: ["--method", "dqm"]).count == 1)
        #expect(train.problems(in: ["--quiet=yes"]) == ["'--quiet' takes no value"])
        #expect(train.problems(in: ["runs/a"]).count == 1)
        let checkpoint = try #require(ProgramGrammar.all["dqn-checkpoint"])
        #expect(checkpoint.problems(in: ["convert", "a.h5", "b.h5", "--to", "1.1", "--allow-lossy"]).isEmpty)
        #expect(checkpoint.problems(in: ["shw", "a.h5"]) == ["no subcommand 'shw'"])
        #expect(checkpoint.problems(in: ["show"]) == ["too few arguments"])
    }

    @Test func wordsAreThoseOfAShell() {
        let text = """
            # A comment.
            A=1 first --x 'two words' "$(date +%s)" \\
                --y # another
            if second 2>&1 >out.txt | third && fourth "a # b"; then fifth & fi
            """
        #expect(
            ShellCommands.parse(text) == [
                ["A=1", "first", "--x", "two words", "$(date +%s)", "--y"], ["if", "second"], ["third"],
                ["fourth", "a # b"], ["then", "fifth"], ["fi"],
            ])
    }

    @Test(arguments: blocks) func everyCommandFits(_ block: DocumentBlock) throws {
        if block.language == "sh" {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-n", "-c", block.text]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "invalid syntax")
        }
        let commands = ShellCommands.parse(block.commands)
        #expect(!commands.isEmpty, "no command; use the language text for output")
        for command in commands {
            for problem in try Self.problems(in: command) {
                Issue.record("\(block.page):\(block.line): '\(command.joined(separator: " "))': \(problem)")
            }
        }
    }

    /// Commands in the text of a page, between backticks, fit the parsers as well.
    @Test(arguments: Documents.pages.filter { $0 != "CHANGELOG.md" }) func everyCommandInATextFits(_ page: String)
        throws
    {
        let text = try Documents.text(page).replacing(/(?ms)^ *```.*?^ *```$/, with: "")
        for match in text.matches(of: /`((?:\.build\/release\/)?dqn-(?:train|play|checkpoint) [^`|]*)`/) {
            let command = String(match.1.split { $0 == "\n" }.joined(separator: " "))
            // Tables have alternatives: `--resume DIR \| --from FILE`.
            guard !command.contains("\\"), let words = ShellCommands.parse(command).first else { continue }
            for problem in try Self.problems(in: words)
            where problem != "too few arguments" && !problem.hasSuffix("needs a value") {
                Issue.record("\(page): '\(command)': \(problem)")
            }
        }
    }

    /// The examples of `--help`, as they stand in the sources: unbroken.
    @Test func everyExampleOfAHelpTextFits() throws {
        let files = try Documents.files(".swift").filter { $0.hasPrefix("Sources/dqn-") || $0.contains("CommandLine") }
        var examples = 0
        for file in files {
            // A backslash at the end continues a literal.
            let text = try Documents.text(file).replacing(/\\+\n\s*/, with: "")
            for match in text.matches(of: /\n +(dqn-(?:train|play|checkpoint) .*)/) {
                examples += 1
                for problem in try Self.problems(in: ShellCommands.parse(String(match.1)).first ?? []) {
                    Issue.record("\(file): '\(match.1)': \(problem)")
                }
            }
        }
        #expect(examples > 40)
    }

    private static func problems(in command: [String]) throws -> [String] {
        if let start = command.firstIndex(where: { $0.hasSuffix("dqn-cluster") }) {
            return try problemsOfCluster(Array(command[(start + 1)...]))
        }
        // What stands before: words of the shell, programs that start others, variables.
        let start = command.firstIndex { word in
            let name = word.split(separator: "/").last.map(String.init) ?? word
            return ProgramGrammar.programs.contains(name) || isOurs(word)
        }
        guard let start else {
            let first = command.first { !$0.contains("=") } ?? ""
            if first == "swift" { return try problemsOfSwift(Array(command.drop { $0 != "swift" }.dropFirst())) }
            let isLocal = first.hasPrefix("./") || first.hasPrefix(".venv") || first.hasPrefix("$") || first.isEmpty
            return known.contains(first) || isLocal ? [] : ["unknown command '\(first)'"]
        }
        let program = command[start].split(separator: "/").last.map(String.init) ?? ""
        let arguments = Array(command[(start + 1)...])
        if let grammar = ProgramGrammar.all[program] { return grammar.problems(in: arguments) }
        return try problemsOfScript(command[start], arguments)
    }

    /// Whether a word is a path of a script in this repository.
    private static func isOurs(_ word: String) -> Bool {
        let folders = ["Scripts/", "Tests/", "Benchmarks/", "Fixtures/scripts/"]
        let isData =
            word.contains("*") || word.contains("Dockerfile") || word.hasSuffix(".h5") || word.hasSuffix(".txt")
        return !isData && folders.contains { word.hasPrefix($0) }
    }

    /// The options of a script stand in it, or in a file beside it. What follows `--` is for `dqn-train`.
    private static func problemsOfScript(_ path: String, _ arguments: [String]) throws -> [String] {
        guard Documents.exists(path) else { return ["no file '\(path)'"] }
        guard
            FileManager.default.isExecutableFile(atPath: Documents.root.appendingPathComponent(path).path)
                || path.hasSuffix(".py")
        else { return ["'\(path)' is not executable"] }
        let folder = NSString(string: path).deletingLastPathComponent
        let siblings = try FileManager.default.contentsOfDirectory(
            at: Documents.root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
        let benchmarks = path.hasPrefix("Benchmarks/") ? try Documents.files(".swift") : []
        let texts =
            siblings.compactMap { try? String(contentsOf: $0, encoding: .utf8) }
            + benchmarks.filter { $0.hasPrefix("Benchmarks/") }.compactMap { try? Documents.text($0) }
        var problems: [String] = []
        let own = arguments.prefix { $0 != "--" }
        for word in own where word.hasPrefix("--") {
            let option = String(word.prefix { $0 != "=" })
            // ArgumentParser and argparse make some names of properties.
            let name = option.dropFirst(2)
            let property = name.split(separator: "-").enumerated()
                .map { $0.offset == 0 ? String($0.element) : $0.element.capitalized }.joined()
            let isKnown = texts.contains { $0.contains(option) || $0.contains("var \(property)") }
            if !isKnown { problems.append("no option '\(option)'") }
        }
        let passed = arguments.drop { $0 != "--" }.dropFirst()
        if !passed.isEmpty, let grammar = ProgramGrammar.all["dqn-train"] {
            problems += grammar.problems(in: Array(passed))
        }
        return problems
    }

    /// The options of `dqn-cluster`, which is not built with these tests, stand in its sources.
    private static func problemsOfCluster(_ arguments: [String]) throws -> [String] {
        let folder = Documents.root.appendingPathComponent("Distributed/Sources/dqn-cluster")
        let text = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        guard let command = arguments.first, text.contains("struct \(command.capitalized): ") else {
            return ["dqn-cluster has no command '\(arguments.first ?? "")'"]
        }
        var (problems, others): ([String], [String]) = ([], [])
        var isOther = false
        for word in arguments.dropFirst() {
            if word.hasPrefix("--") {
                let name = word.dropFirst(2).prefix { $0 != "=" }
                let property = name.split(separator: "-").enumerated()
                    .map { $0.offset == 0 ? String($0.element) : $0.element.capitalized }.joined()
                isOther = try !text.contains(Regex("var \(property)\\b")) && !text.contains("(\"\(name)\")")
                if isOther, !["train", "chief"].contains(command) {
                    problems.append("dqn-cluster \(command) has no option '\(word)'")
                }
            }
            if isOther { others.append(word) }
        }
        // All other options are those of dqn-train.
        if !others.isEmpty, let grammar = ProgramGrammar.all["dqn-train"] { problems += grammar.problems(in: others) }
        return problems
    }

    /// Targets, products and suites that `swift` commands name exist.
    private static func problemsOfSwift(_ arguments: [String]) throws -> [String] {
        let folder = arguments.firstIndex(of: "--package-path").map { arguments[$0 + 1] }
        let manifest = try Documents.text(folder.map { "\($0)/Package.swift" } ?? "Package.swift")
        var problems: [String] = []
        for (option, value) in zip(arguments, arguments.dropFirst()) {
            switch option {
            case "--target", "--product":
                if !manifest.contains("\"\(value)\"") { problems.append("no \(option.dropFirst(2)) '\(value)'") }
            case "--filter":
                let parts = value.split(separator: ".")
                let files = try Documents.files(".swift").filter { $0.hasPrefix("Tests/") }
                let found = try files.contains { file in
                    let text = try Documents.text(file)
                    return text.contains("struct \(parts[0])")
                        && (parts.count == 1 || text.contains("func \(parts[1])"))
                }
                if !found { problems.append("no tests '\(value)'") }
            default: continue
            }
        }
        return problems
    }
}
