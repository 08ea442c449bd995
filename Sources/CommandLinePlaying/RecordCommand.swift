package import ArgumentParser
import CommandLineSupport

/// The command `record` of programs with their own environments: `play --record` with the file as an argument.
package struct RecordCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record an episode with its Q-values as a film or a contact sheet.",
        discussion: """
            Plays one episode, as play does with --record FILE, and writes it to a new file: a video (.gif, or .mp4 with \
            ffmpeg) or a contact sheet (.png).

            EXAMPLES
              \(ProgramName.program("lab")) record runs/cartpole cartpole.gif
              \(ProgramName.program("lab")) record runs/cartpole best.png --which best --seed 3
            """)

    @Argument(
        help: ArgumentHelp("Checkpoint file or run directory.", valueName: "checkpoint-or-run-dir"), completion: .file()
    )
    var path: String
    @Argument(
        help: "New file with the suffix .gif, .mp4 or .png.", completion: .file(extensions: ["gif", "mp4", "png"]))
    var file: String
    @OptionGroup var options: PlayOptions
    @Option(help: ArgumentHelp("Steps per second of a video. (default: real time)", valueName: "n"))
    var speed: Double?
    @Flag(help: "Print one JSON document instead of text.")
    var json = false
    @Flag(name: .shortAndLong, help: "Print only the last line, and warnings.")
    var quiet = false

    /// Creates a command with default values.
    package init() {}

    /// The command that does the work.
    private var play: PlayCommand {
        var play = PlayCommand()
        play.path = path
        play.options = options
        play.record = file
        play.speed = speed
        play.quiet = quiet
        // A property that is not set cannot be read.
        play.episodes = nil
        play.render = PlayCommand.Render.none
        play.minReturn = nil
        play.trace = nil
        play.json = json
        return play
    }

    /// Validates options that depend on each other.
    package mutating func validate() throws { try play.validate(recordingAs: "FILE") }

    /// Plays and records the episode.
    package func run() throws { try play.run() }
}
