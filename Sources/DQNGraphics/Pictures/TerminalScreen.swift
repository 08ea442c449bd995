/// Updates the text on a terminal line by line, without flicker.
///
/// ```swift
/// var screen = TerminalScreen()
/// print(screen.update(picture.terminalText(columns: 80, rows: 23)), terminator: "")
/// print(screen.leave(), terminator: "")
/// ```
package struct TerminalScreen: Sendable {
    private var lines: [Substring]?

    /// Creates a screen with unknown contents.
    package init() {}

    /// Returns the commands that show a text. They contain only the lines that changed.
    ///
    /// The first update clears the terminal and hides the cursor. Terminals that support synchronized output show the
    /// change at once; others ignore the markers.
    package mutating func update(_ text: String) -> String {
        let new = text.split(separator: "\n", omittingEmptySubsequences: false)
        var commands = "\u{1B}[?2026h"
        if lines == nil { commands += "\u{1B}[?25l\u{1B}[H\u{1B}[2J" }
        let old = lines ?? []
        for (row, line) in new.enumerated() where row >= old.count || old[row] != line {
            // Erased first: after a line as wide as the terminal, its last character would be erased.
            commands += "\u{1B}[\(row + 1);1H\u{1B}[K\(line)"
        }
        if new.count < old.count { commands += "\u{1B}[\(new.count + 1);1H\u{1B}[J" }
        lines = new
        return commands + "\u{1B}[?2026l"
    }

    /// Makes the next update clear the terminal, because its size changed.
    package mutating func invalidate() { lines = nil }

    /// Returns the commands that restore the cursor below the text; empty if nothing was shown.
    package mutating func leave() -> String {
        guard let count = lines?.count else { return "" }
        lines = nil
        return "\u{1B}[\(count);1H\n" + Self.showCursor
    }

    /// The command that shows the cursor.
    package static let showCursor = "\u{1B}[?25h"
}
