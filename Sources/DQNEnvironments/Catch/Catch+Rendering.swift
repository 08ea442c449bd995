extension Catch {
    /// Draws the board in a frame, over a line of figures; 60 columns by 13 lines.
    public func renderANSI() -> String {
        let cell = 4
        let left = (StatusLine.width - Self.columns * cell - 2) / 2
        var canvas = TerminalCanvas(columns: StatusLine.width, rows: Self.rows + 2)
        let rule = String(repeating: "─", count: Self.columns * cell)
        canvas.write("╭\(rule)╮", row: 0, column: left, .grey)
        for row in 0..<Self.rows {
            canvas.write("│", row: row + 1, column: left, .grey)
            for column in 0..<Self.columns {
                canvas.write("·", row: row + 1, column: left + 2 + column * cell, .grey)
            }
            canvas.write("│", row: row + 1, column: left + 1 + Self.columns * cell, .grey)
        }
        canvas.write("╰\(rule)╯", row: Self.rows + 1, column: left, .grey)

        let landed = ballRow == Self.rows - 1
        let caught = landed && ballColumn == paddleColumn
        canvas.write("▀▀▀▀", row: Self.rows, column: left + 1 + paddleColumn * cell, .brightCyan)
        let ballColor: TerminalColor = caught ? .brightGreen : landed ? .brightRed : .brightYellow
        canvas.write("██", row: ballRow + 1, column: left + 2 + ballColumn * cell, ballColor)
        let verdict = caught ? ["caught"] : landed ? ["missed"] : []
        return canvas.text + "\n" + StatusLine.text(progress, limit: Self.rows - 1, verdict)
    }
}
