import ArgumentParser
import CommandLineCheckpoints
import CommandLinePlaying
import CommandLineSupport
internal import DQNSupport

/// The command that has all others as subcommands.
struct LabCommand: ParsableCommand {
    /// The environment of the examples.
    static let example = ExampleEnvironment()

    static let configuration: CommandConfiguration = {
        let lab = ProgramName.program("lab")
        let environment = example.id
        let own: [any ParsableCommand.Type] = [TrainCommand.self, PlayCommand.self, RecordCommand.self]
        return CommandConfiguration(
            commandName: lab,
            abstract: "Train, play, record and plot agents.",
            discussion: """
                EXAMPLES
                  \(lab) train --env \(environment) --steps 20000 --out runs/first
                  \(lab) train --resume runs/first --steps 40000
                  \(lab) play runs/first --render ansi --episodes 1
                  \(lab) record runs/first film.gif
                  \(lab) plot runs/first -o curve.svg

                EXIT CODES
                  0    Success.
                  1    The command failed, or its output could not be written. For diff: the checkpoints differ. For \
                play: the mean return is below --min-return.
                  2    For diff: the checkpoints cannot be compared, or the differences cannot be written.
                  64   The command line or the configuration is invalid.
                  65   A checkpoint is malformed.
                  66   An input file or run does not exist.
                  77   The environment of a run or file brings code that you have not allowed.
                  130  A signal or the time limit ended the command. A run is saved.
                """,
            version: "swift-dqn \(TrainCommand.configuration.version)",
            subcommands: own + CheckpointTool.configuration.subcommands)
    }()

    /// An id that is set before the command line is parsed.
    ///
    /// `@unchecked Sendable`: `stored` is only accessed with `lock` held.
    final class ExampleEnvironment: @unchecked Sendable {
        private let lock = Lock()
        private var stored = "CartPole-v1"

        var id: String { lock.withLock { stored } }

        func set(_ id: String) { lock.withLock { stored = id } }
    }
}
