/// Changes a terminal from one text to the next, line by line, so that nothing flickers.
///
/// ```swift
/// var screen = TerminalScreen()
/// print(screen.update(picture.terminalText(columns: 80, rows: 23)), terminator: "")
/// print(screen.leave(), terminator: "")
/// ```
public struct TerminalScreen: Sendable {
    private var lines: [Substring]?

    /// Creates a screen of which nobody knows what it shows.
    public init() {}

    /// What to send to the terminal to have it show a text: only lines that differ from those before.
    ///
    /// The first time the terminal is cleared and its cursor hidden. A terminal that knows synchronized output shows
    /// the change at once; to others the markers mean nothing.
    public mutating func update(_ text: String) -> String {
        let new = text.split(separator: "\n", omittingEmptySubsequences: false)
        var commands = "\u{1B}[?2026h"
        if lines == nil { commands += "\u{1B}[?25l\u{1B}[H\u{1B}[2J" }
        let old = lines ?? []
        for (row, line) in new.enumerated() where row >= old.count || old[row] != line {
            commands += "\u{1B}[\(row + 1);1H\(line)\u{1B}[K"
        }
        if new.count < old.count { commands += "\u{1B}[\(new.count + 1);1H\u{1B}[J" }
        lines = new
        return commands + "\u{1B}[?2026l"
    }

    /// What to send to clear the terminal at the next update: its size has changed.
    public mutating func forget() { lines = nil }

    /// What to send when all is shown: the cursor comes back below the text. Empty where nothing was shown.
    public mutating func leave() -> String {
        guard let count = lines?.count else { return "" }
        lines = nil
        return "\u{1B}[\(count);1H\n" + Self.showCursor
    }

    /// What brings the cursor back.
    public static let showCursor = "\u{1B}[?25h"
}
