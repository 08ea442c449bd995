internal import Foundation

/// What an option takes, for errors: swift-argument-parser says that a value is invalid, but not which are valid.
enum OptionRule {
    private struct Help: Decodable {
        struct Command: Decodable {
            var commandName: String
            var arguments: [Argument]?
            var subcommands: [Command]?
        }
        struct Argument: Decodable {
            struct Name: Decodable { var name: String }
            var names: [Name]?
            var valueName: String?
            var abstract: String?
        }
        var command: Command
    }

    /// Names of values that say nothing but their type.
    private static let types = [
        "n": "a whole number", "s": "a whole number", "e": "a number", "x": "a number", "seconds": "a number",
        "weight": "a number", "tolerance": "a number",
    ]

    /// Returns the end of an error's sentence; `nil` if the option is unknown.
    ///
    /// - Parameters:
    ///   - option: as the user typed it, such as `--steps`.
    ///   - help: the program's description of itself.
    ///   - arguments: the command line, whose first word may name a subcommand.
    static func text(of option: String, in help: String, arguments: ArraySlice<String>) -> String? {
        guard let root = try? JSONDecoder().decode(Help.self, from: Data(help.utf8)).command else { return nil }
        let command = root.subcommands?.first { $0.commandName == arguments.first } ?? root
        let name = option.drop { $0 == "-" }
        guard let argument = command.arguments?.first(where: { $0.names?.contains { $0.name == name } == true }) else {
            return nil
        }
        // Without what is used otherwise, which is no rule.
        let abstract = argument.abstract.map { text in
            "\(option): \(text.firstRange(of: " (default: ").map { String(text[..<$0.lowerBound]) } ?? text)"
        }
        guard let type = argument.valueName.flatMap({ types[$0] }) else { return abstract }
        return "use \(type)" + (abstract.map { " (\($0.hasSuffix(".") ? String($0.dropLast()) : $0))" } ?? "")
    }
}
