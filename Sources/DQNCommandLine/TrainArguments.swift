public import ArgumentParser
import CommandLineSupport
public import DQNLearning
import DQNTraining
import Foundation

/// All flags of `dqn-train`, for a command of this repository that trains in another way.
@_spi(Distributed) public struct TrainArguments: ParsableArguments {
    @OptionGroup var command: TrainCommand

    /// Creates arguments for the parser, which sets them.
    @_spi(Distributed) public init() {}

    /// Trains with the signals, messages, output and exit codes of `dqn-train`.
    ///
    /// - Parameters:
    ///   - program: the program's name, for errors.
    ///   - makeStore: creates the parameter store of the run.
    ///   - onStart: receives the path of the run's directory once the run exists.
    /// - Throws: the exit code of a failure, which has been reported.
    @_spi(Distributed) public func train(
        as program: String, makeStore: @escaping ParameterStoreFactory, onStart: (_ directory: String) -> Void
    ) throws {
        try command.train(as: program) { settings, logger in
            let run = try settings.makeRun(makeStore: makeStore, logger: logger)
            onStart(settings.directory.url.path)
            return run
        }
    }
}

extension CommandLineTool {
    /// The release and the commit of the programs, for `--version`.
    @_spi(Distributed) public static var version: String { ProgramVersion.text }

    /// Writes a line to standard error among those of the run, without disturbing its progress line or dashboard.
    @_spi(Distributed) public static func writeRunLine(_ line: String) {
        ProgressLine.clear()
        writeError(line)
    }

    /// Parses the command line and runs a command with the contracts of this package: an error is one line, exit codes are
    /// those of `dqn-train`, and a closed stream or invalid UTF-8 is reported.
    @_spi(Distributed) public static func run(_ command: any AsyncParsableCommand.Type) async {
        await command.runProgram()
    }
}
