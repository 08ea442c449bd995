package import ArgumentParser

/// The options of `dqn-train` for those who watch a run.
package struct WatchArguments: ParsableArguments {
    /// Where the events for TensorBoard go.
    package enum EventTarget: Sendable, Equatable, ExpressibleByArgument, CustomStringConvertible {
        /// The run's directory.
        case runDirectory
        /// Another directory.
        case path(String)

        package init?(argument: String) { self = .path(argument) }

        package var description: String {
            switch self {
            case .runDirectory: "tensorboard in the run's directory"
            case .path(let path): path
            }
        }
    }

    @Option(
        defaultAsFlag: EventTarget.runDirectory,
        help: ArgumentHelp(
            "Write events for TensorBoard. A resume continues those in the run's directory by itself, and others if you name their directory again.",
            valueName: "dir"), completion: .directory)
    package var tensorboard: EventTarget?
    @Option(
        help: ArgumentHelp(
            "Append JSON Lines about the run to a file or to a descriptor, such as 3.", valueName: "file|fd"),
        completion: .file())
    package var logJson: String?
    @Flag(help: "Show the run live on the terminal: curve, figures, workers and time left.")
    package var dashboard = false
    @Option(
        help: ArgumentHelp(
            "Seconds between two lines about the progress where standard error is no terminal; 0 for none.",
            valueName: "seconds"))
    package var logEvery = 10.0

    package init() {}

    /// The time between two lines about the progress; `nil` for none.
    package var logInterval: Duration? { logEvery > 0 ? .seconds(logEvery) : nil }

    package mutating func validate() throws {
        guard logEvery >= 0, logEvery <= 1e6 else {
            throw ValidationError("--log-every \(logEvery) is out of range; use seconds from 0 (no lines) to 1000000.")
        }
    }
}
