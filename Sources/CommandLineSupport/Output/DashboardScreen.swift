internal import DQNGraphics
internal import DQNSupport
internal import Foundation

/// A screen on standard error that is redrawn in place, with the newest lines of the log below. Use it only on a terminal.
///
/// While it is shown, lines for standard error are kept, and written when it ends.
enum DashboardScreen {
    /// Lines of the log on the screen, at most.
    private static let mostShownLines = 4
    /// Lines of the log that are kept.
    private static let keptLines = 1_000

    /// `@unchecked Sendable`: accessed with the lock held.
    private final class State: @unchecked Sendable {
        let lock = Lock()
        var screen = TerminalScreen()
        var size = (columns: 0, rows: 0)
        var isShown = false
        var lines: [String] = []
        var omitted = 0
    }

    private static let state = State()

    /// Draws the screen.
    ///
    /// - Parameter body: returns printable lines for this many columns and rows.
    static func show(_ body: (_ columns: Int, _ rows: Int) -> [String]) {
        let size = Terminal.size(of: STDERR_FILENO)
        // A small terminal is for the run.
        let shownLines = min(size.rows / 6, mostShownLines)
        // The cursor needs a line, and the log a rule.
        let lines = body(size.columns, max(size.rows - shownLines - (shownLines > 0 ? 2 : 1), 1))
        state.lock.withLock {
            if ShownScreen.begin(on: STDERR_FILENO) || state.size != size { state.screen.invalidate() }
            (state.size, state.isShown) = (size, true)
            let log = state.lines.suffix(shownLines).map { PrintableText.prefix(of: $0, columns: size.columns) }
            let rule = log.isEmpty ? [] : [String(repeating: "─", count: size.columns)]
            write(state.screen.update((lines + rule + log).joined(separator: "\n")))
        }
    }

    /// Keeps a line for later if the screen is shown.
    ///
    /// - Returns: whether it is kept.
    static func keep(_ line: String) -> Bool {
        state.lock.withLock {
            guard state.isShown else { return false }
            state.lines.append(line)
            if state.lines.count > keptLines {
                state.lines.removeFirst()
                state.omitted += 1
            }
            return true
        }
    }

    /// Leaves the screen as it is, and writes the lines that were kept below it.
    ///
    /// - Parameter isTaken: whether the terminal belongs to another program, whose text stays where it is.
    static func leave(isTaken: Bool = false) {
        state.lock.withLock {
            guard state.isShown else { return }
            state.isShown = false
            if isTaken {
                state.screen.invalidate()
                // The suspension of a launcher does not reach this program.
                write("\u{1B}[?25h")
            } else {
                write(state.screen.leave())
            }
            ShownScreen.end()
            if state.omitted > 0 { write("… (\(state.omitted) lines omitted)\n") }
            for line in state.lines { write(line + "\n") }
            (state.lines, state.omitted) = ([], 0)
        }
    }

    private static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
