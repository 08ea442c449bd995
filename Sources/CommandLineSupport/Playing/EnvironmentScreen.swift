package import DQNEnvironments
internal import DQNGraphics
internal import DQNSupport
internal import Foundation

/// Draws an environment on the terminal, at most thirty times per second. If standard output is not a terminal, prints the
/// pictures one after another.
package final class EnvironmentScreen {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var terminal = TerminalScreen()
    private var size = (columns: 80, rows: 24)

    /// Creates a screen.
    package init() {}

    /// Shows the environment after a step.
    ///
    /// - Throws: `CheckpointError` (`inputOutput`) if standard output cannot be written.
    package func show(_ step: EpisodePlayer.Step) throws {
        let newSize = Terminal.size(of: STDOUT_FILENO)
        if isTerminal && ShownScreen.begin(on: STDOUT_FILENO) || newSize != size { terminal.invalidate() }
        size = newSize
        // Reserve one line for the step and one for the cursor.
        // A plug-in or a Python module may draw its own text.
        let coloured = PrintableText.colouredLines(
            step.environment.renderANSI(columns: size.columns, rows: max(size.rows - 2, 1)))
        let picture = Terminal.refusesColours ? UncolouredText.of(coloured) : coloured
        if isTerminal {
            try StandardOutput.write(terminal.update("\(picture)\nstep \(step.index + 1)"))
            usleep(33_000)
        } else {
            try StandardOutput.write(picture + "\n")
        }
    }

    /// Restores the terminal.
    package func leave() {
        // Without a terminal there is nothing to restore, and a failed write has been reported.
        try? StandardOutput.write(terminal.leave())
        ShownScreen.end()
    }
}
