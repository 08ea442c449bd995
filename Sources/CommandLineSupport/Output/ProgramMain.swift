package import ArgumentParser

extension ParsableCommand {
    /// Parses the command line and runs the command. The `main()` of every program calls it.
    ///
    /// Unlike `ParsableCommand.main()` it refuses arguments that are not valid UTF-8 and reports a help text that cannot
    /// be written.
    package static func runProgram() {
        let program = configuration.commandName ?? "swift-dqn"
        RawArguments.requireUnicode(program: program)
        StandardOutput.reportFailedWrites()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let text = fullMessage(for: error)
            guard exitCode(for: error) == .success, !text.isEmpty else { exit(withError: error) }
            do { try StandardOutput.line(text) } catch {
                exit(withError: report(error, program: program))
            }
        }
    }
}
