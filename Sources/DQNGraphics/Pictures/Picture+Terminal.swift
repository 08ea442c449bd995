extension Picture {
    /// The picture as text in 24-bit colour, as large as it fits, each character showing two pixels one above the
    /// other.
    ///
    /// Lines all have the same number of characters and end in the terminal's own colours; no final line break.
    /// - Parameters:
    ///   - columns: characters of a line, at most; taken to be half as wide as they are high.
    ///   - rows: lines, at most.
    /// - Precondition: both are positive.
    public func terminalText(columns: Int, rows: Int) -> String {
        let size = size(fitting: columns, 2 * rows)
        // An odd last row of pixels would stand above half a line of nothing.
        let shown = resized(width: size.width, height: max(2, size.height / 2 * 2))
        return (0..<shown.height / 2).map { shown.line($0) }.joined(separator: "\n")
    }

    /// One line of text: a pixel row in the colour of the letters, the next one in that of the ground.
    private func line(_ index: Int) -> String {
        var text = ""
        var letters: PictureColor?
        var ground: PictureColor?
        for x in 0..<width {
            let (upper, lower) = (self[x, 2 * index], self[x, 2 * index + 1])
            if lower != ground {
                text += "\u{1B}[48;2;\(lower.red);\(lower.green);\(lower.blue)m"
                ground = lower
            }
            // A space shows the ground alone, whatever the colour of letters.
            if upper == lower {
                text += " "
                continue
            }
            if upper != letters {
                text += "\u{1B}[38;2;\(upper.red);\(upper.green);\(upper.blue)m"
                letters = upper
            }
            text += "▀"
        }
        return text + "\u{1B}[0m"
    }
}
