import DQNEnvironments
import DQNGraphics
import Foundation

/// Draws an environment on the terminal, thirty times a second at most; without a terminal, one picture after another.
final class Screen {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var terminal = TerminalScreen()
    private var size = (columns: 80, rows: 24)

    func show(_ step: EpisodePlayer.Step) {
        let newSize = Self.size()
        if newSize != size { terminal.forget() }
        size = newSize
        // A line for the step, and one that the cursor may stand in.
        let picture = step.environment.renderANSI(columns: size.columns, rows: max(size.rows - 2, 1))
        if isTerminal {
            print(terminal.update("\(picture)\nstep \(step.index + 1)"), terminator: "")
            fflush(nil)
            usleep(33_000)
        } else {
            print(picture)
        }
    }

    /// Gives the terminal back.
    func leave() {
        print(terminal.leave(), terminator: "")
        fflush(nil)
    }

    /// The terminal's size; 80 by 24 where there is none.
    private static func size() -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
