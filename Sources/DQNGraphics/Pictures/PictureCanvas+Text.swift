extension PictureCanvas {
    /// Draws a line of text in the built-in font.
    ///
    /// - Parameters:
    ///   - x: the left edge.
    ///   - y: the upper edge.
    ///   - scale: the number of pixels per dot of the font.
    package mutating func write(_ text: String, x: Int, y: Int, scale: Int, _ color: PictureColor) {
        for (index, character) in text.enumerated() {
            let glyph = PixelFont.glyph(of: character)
            let left = x + index * PixelFont.advance * scale
            for (row, bits) in glyph.enumerated() {
                for column in 0..<PixelFont.glyphWidth where bits & (1 << column) != 0 {
                    let corner = PicturePoint(Double(left + column * scale), Double(y + row * scale))
                    rectangle(from: corner, to: corner + Double(scale), color)
                }
            }
        }
    }
}
