package import ArgumentParser
internal import DQNSupport
internal import Foundation

extension ParsableCommand {
    /// Parses the command line and runs the command. The `main()` of every program calls it.
    ///
    /// Unlike `ParsableCommand.main()` it copes with closed standard streams, refuses arguments that are not valid UTF-8
    /// and reports a help text that cannot be written. Until the command asks for something else, a signal ends the
    /// program with exit code 130 and deletes its unfinished files.
    package static func runProgram() {
        beginProgram()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch { finishProgram(after: error) }
    }

    private static var program: String { configuration.commandName ?? "swift-dqn" }

    fileprivate static func beginProgram() {
        do throws(SystemError) { try ProcessEnding.reserveStandardDescriptors() } catch {
            writeError("\(program): Standard input, output or error is closed and cannot be reopened: \(error).")
            _exit(ExitCode.runtimeFailure.rawValue)
        }
        RawArguments.requireUnicode(program: program)
        StandardOutput.reportFailedWrites()
        Interruption.install(.ends)
        if let sentence = unknownCommand(in: CommandLine.arguments.dropFirst()) {
            writeError("\(program): \(sentence) See '\(program) --help'.")
            exit(withError: ExitCode.usage)
        }
    }

    /// Ends the program with an error, or prints the text that the user has asked for.
    fileprivate static func finishProgram(after error: any Error) {
        guard exitCode(for: error) == .success else { end(with: error, program: program) }
        let text = ownText(for: error)
        if text.isEmpty { exit(withError: error) }
        do {
            // The program's own text: help, version, completion scripts.
            try StandardOutput.write(ProgramName.inExamples(text) + "\n")
        } catch { exit(withError: report(error, program: program)) }
    }

    /// Returns a sentence about the first argument, or the one after `help`, if it should be a subcommand and is none.
    ///
    /// swift-argument-parser calls it an unexpected argument, or reports an option after it as unknown.
    private static func unknownCommand(in arguments: ArraySlice<String>) -> String? {
        let commands = configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        let known = configuration.subcommands.flatMap { [$0._commandName] + $0.configuration.aliases } + ["help"]
        let word = arguments.first == "help" ? arguments.dropFirst().first : arguments.first
        guard !commands.isEmpty, configuration.defaultSubcommand == nil, let word, !word.hasPrefix("-"),
            !known.contains(word)
        else { return nil }
        return "Unknown command '\(word)'; \(NearestName.remedy(for: word, among: commands))"
    }

    /// Returns the text that the user has asked for. Only a help text begins with the command's abstract.
    private static func ownText(for error: any Error) -> String {
        let text = fullMessage(for: error, columns: HelpText.unbroken)
        return text.hasPrefix("OVERVIEW: ") ? HelpText.wrapped(text, columns: HelpText.columns) : text
    }

    /// Reports what is wrong with the command line as one line, without the usage, and ends the program.
    private static func end(with error: any Error, program: String) -> Never {
        let code = exitCode(for: error)
        let message = message(for: error)
        // The command has reported what went wrong.
        if message.isEmpty { exit(withError: code) }
        var text = message.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .joined(separator: " ")
        // A list of many values.
        if let list = text.firstRange(of: " one of the following: - ") {
            text = text[..<list.lowerBound] + " one of " + text[list.upperBound...].replacing(" - ", with: ", ")
        }
        if let option = text.wholeMatch(of: #/.* is invalid for '(-\S+)( <\S+>)?'/#)?.output.1,
            let rule = OptionRule.text(
                of: String(option), in: _dumpHelp(), arguments: CommandLine.arguments.dropFirst())
        {
            text += "; \(rule)"
        }
        let help = fullMessage(for: error).matches(of: #/See '([^']+)' for more information\./#).last?.output.1
        let stop = text.last.map { ".?!".contains($0) } == true ? "" : "."
        writeError("\(program): \(text)\(stop) See '\(help ?? "\(program) --help")'.")
        exit(withError: code)
    }
}

extension AsyncParsableCommand {
    /// As the `runProgram()` of other commands, for a program with commands that are asynchronous.
    package static func runProgram() async {
        beginProgram()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch { finishProgram(after: error) }
    }
}
