public import ArgumentParser
import CommandLineSupport
public import DQNTraining
public import Logging

/// All flags of `dqn-train`, for a command of this repository that trains in another way.
@_spi(Distributed) public struct TrainArguments: ParsableArguments {
    @OptionGroup var command: TrainCommand

    /// Creates arguments for the parser, which sets them.
    @_spi(Distributed) public init() {}

    /// Trains with the signals, messages, output and exit codes of `dqn-train`.
    ///
    /// - Parameters:
    ///   - program: the program's name, for errors.
    ///   - makeRun: creates or resumes the run, on the calling thread.
    /// - Throws: the exit code of a failure, which has been reported.
    @_spi(Distributed) public func train(
        as program: String, makeRun: (_ settings: TrainSettings, _ logger: Logger) throws -> TrainingRun
    ) throws {
        try command.train(as: program, makeRun: makeRun)
    }
}

extension CommandLineTool {
    /// Parses the command line and runs a command with the contracts of this package: an error is one line, exit codes are
    /// those of `dqn-train`, and a closed stream or invalid UTF-8 is reported.
    @_spi(Distributed) public static func run(_ command: any ParsableCommand.Type) { command.runProgram() }
}
