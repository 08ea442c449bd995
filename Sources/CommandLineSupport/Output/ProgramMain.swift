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
        let program = configuration.commandName ?? "swift-dqn"
        do throws(SystemError) { try ProcessEnding.reserveStandardDescriptors() } catch {
            writeError("\(program): Standard input, output or error is closed and cannot be reopened: \(error).")
            _exit(ExitCode.runtimeFailure.rawValue)
        }
        RawArguments.requireUnicode(program: program)
        StandardOutput.reportFailedWrites()
        Interruption.install(.ends)
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
