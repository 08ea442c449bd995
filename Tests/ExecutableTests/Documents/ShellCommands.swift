import Foundation
import Testing

/// The simple commands of a shell text, as words. It understands what the documents use: quotes, comments, continued
/// lines, redirections, lists and pipes.
enum ShellCommands {
    static func parse(_ text: String) -> [[String]] {
        var commands: [[String]] = []
        var words: [String] = []
        var word: String?
        var quote: Character?
        var skipsWord = false

        func endWord() {
            if let finished = word {
                if skipsWord { skipsWord = false } else { words.append(finished) }
            }
            word = nil
        }
        func endCommand() {
            endWord()
            if !words.isEmpty { commands.append(words) }
            words = []
        }
        // How deep the text is within $( … ), which belongs to a word.
        var depth = 0
        var characters = Array(text)[...]
        while let character = characters.popFirst() {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
                continue
            }
            if depth > 0 {
                word = (word ?? "") + String(character)
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                continue
            }
            switch character {
            case "'", "\"":
                quote = character
                word = word ?? ""
            case "\\":
                if let next = characters.popFirst(), next != "\n" { word = (word ?? "") + String(next) }
            case "$" where characters.first == "(":
                word = (word ?? "") + "$("
                characters.removeFirst()
                depth = 1
            case "#" where word == nil:
                while let next = characters.first, next != "\n" { characters.removeFirst() }
            case ">", "<":
                // The number of a descriptor is no argument.
                if let digits = word, digits.allSatisfy(\.isNumber) { word = nil }
                endWord()
                while characters.first == ">" || characters.first == "&" { characters.removeFirst() }
                skipsWord = true
            case ";", "&", "|", "\n", "(", ")": endCommand()
            case " ", "\t": endWord()
            default: word = (word ?? "") + String(character)
            }
        }
        endCommand()
        return commands
    }
}

/// What a program's parser accepts, as `--experimental-dump-help` of the program itself lists it.
struct ProgramGrammar: Decodable, Sendable {
    struct Name: Decodable, Sendable {
        let kind: String
        let name: String
        var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
    }
    struct Argument: Decodable, Sendable {
        let kind: String
        let names: [Name]?
        let isOptional: Bool
        let isRepeating: Bool
        let valueName: String?
        let abstract: String?
        let allValues: [String]?
    }
    struct Command: Decodable, Sendable {
        let commandName: String
        let arguments: [Argument]?
        let subcommands: [Command]?
    }
    let command: Command

    static let programs = ["dqn-train", "dqn-play", "dqn-checkpoint", "Lab"]

    static let all: [String: ProgramGrammar] = {
        var grammars: [String: ProgramGrammar] = [:]
        for program in programs {
            guard let result = try? Program.run(program, "--experimental-dump-help") else { continue }
            grammars[program] = try? JSONDecoder().decode(ProgramGrammar.self, from: Data(result.output.utf8))
        }
        return grammars
    }()

    /// The keys of `docs/configuration.md`, which another test compares with the code.
    static let settings: Set<String> = {
        let text = (try? Documents.text("docs/configuration.md")) ?? ""
        return Set(text.matches(of: /\n\| `(\w+)` \|/).map { String($0.1) })
    }()

    /// Returns what is wrong with the arguments of a command; an empty list if nothing is.
    ///
    /// Words in capitals, such as `DIR`, and the shell's own, such as `"$@"`, stand for any value.
    func problems(in words: [String]) -> [String] {
        var problems: [String] = []
        var rest = words[...]
        var level = command
        // Every program has the subcommand `help`.
        let subcommands = command.subcommands ?? []
        if subcommands.count > 1, let first = rest.first, !first.hasPrefix("-") {
            guard let subcommand = subcommands.first(where: { $0.commandName == first }) else {
                return ["no subcommand '\(first)'"]
            }
            level = subcommand
            rest.removeFirst()
        }
        let arguments = level.arguments ?? []
        var values = 0
        var isOpen = false
        while let word = rest.popFirst() {
            if word == "$@" || word == "…" || word == "..." {
                isOpen = true
                continue
            }
            guard word.hasPrefix("-"), word != "-", word != "--" else {
                values += word == "--" ? 0 : 1
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1)
            let name = String(parts[0])
            guard let argument = arguments.first(where: { $0.names?.contains { $0.text == name } == true }) else {
                problems.append("no option '\(name)'")
                // Probably its value.
                if rest.first?.hasPrefix("-") == false { rest.removeFirst() }
                continue
            }
            guard argument.kind == "option" else {
                if parts.count > 1 { problems.append("'\(name)' takes no value") }
                continue
            }
            guard let value = parts.count > 1 ? String(parts[1]) : rest.popFirst() else {
                problems.append("'\(name)' needs a value")
                continue
            }
            problems += Self.problems(in: value, of: argument, name)
        }
        let positional = arguments.filter { $0.kind == "positional" }
        if !positional.contains(where: \.isRepeating), values > positional.count {
            problems.append("\(values) arguments, of which it takes \(positional.count)")
        }
        let isHelp = words.contains { ["--help", "-h", "--version"].contains($0) }
        let required = positional.filter { !$0.isOptional }.count
        if !isOpen, !isHelp, values < required { problems.append("too few arguments") }
        return problems
    }

    private static func problems(in value: String, of argument: Argument, _ name: String) -> [String] {
        guard !value.hasPrefix("$"), value.contains(where: \.isLowercase) else { return [] }
        if let allowed = argument.allValues, !allowed.contains(value) {
            return ["'\(name) \(value)' is not one of \(allowed)"]
        }
        switch name {
        case "--set":
            let key = String(value.prefix { $0 != "=" })
            return settings.contains(key) && value.contains("=") ? [] : ["'\(key)' is no setting"]
        case "--method", "--preset":
            let words = (argument.abstract ?? "").split { !$0.isLetter && !$0.isNumber && $0 != "-" }
            return words.contains { $0 == value } ? [] : ["'\(value)' is not in the help of '\(name)'"]
        default: return []
        }
    }
}
