extension Picture {
    /// Returns the picture as text in 24-bit colour, as large as possible. Each character shows an upper and a lower pixel.
    ///
    /// All lines have the same number of characters and reset the colours at their end. There is no final line break.
    /// - Parameters:
    ///   - columns: the largest number of characters per line. Characters are assumed to be twice as high as wide.
    ///   - rows: the largest number of lines.
    /// - Precondition: both are positive.
    package func terminalText(columns: Int, rows: Int) -> String {
        let size = size(fittingWidth: columns, height: 2 * rows)
        // An odd number of pixel rows would leave half of the last line empty.
        let shown = resized(width: size.width, height: max(2, size.height / 2 * 2))
        return (0..<shown.height / 2).map { shown.line($0) }.joined(separator: "\n")
    }

    /// Returns one line of text: the upper pixel row in the text colour, the lower one in the background colour.
    private func line(_ index: Int) -> String {
        var text = ""
        var foreground: PictureColor?
        var background: PictureColor?
        for x in 0..<width {
            let (upper, lower) = (self[x, 2 * index], self[x, 2 * index + 1])
            if lower != background {
                text += "\u{1B}[48;2;\(lower.red);\(lower.green);\(lower.blue)m"
                background = lower
            }
            // A space shows only the background.
            if upper == lower {
                text += " "
                continue
            }
            if upper != foreground {
                text += "\u{1B}[38;2;\(upper.red);\(upper.green);\(upper.blue)m"
                foreground = upper
            }
            text += "▀"
        }
        return text + "\u{1B}[0m"
    }
}
