extension PictureCanvas {
    /// Writes a line of text in the built-in font.
    ///
    /// - Parameters:
    ///   - x: the left edge.
    ///   - y: the upper edge.
    ///   - scale: pixels to a dot of the font.
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

/// A font of five by eight dots: the printable characters of ASCII.
package enum PixelFont {
    /// Dots of a character.
    package static let glyphWidth = 5
    /// Dots from one character to the next.
    package static let advance = 6
    /// Dots from a character's top to the foot of its descender.
    package static let height = 8

    /// Pixels that a text takes.
    package static func width(_ text: String, scale: Int) -> Int {
        max(text.count * advance - (advance - glyphWidth), 0) * scale
    }

    /// A text that fits a number of characters, the last two being dots where it was longer.
    package static func fitted(_ text: String, _ count: Int) -> String {
        text.count <= count ? text : text.prefix(max(count - 2, 0)) + ".."
    }

    /// A character's rows, the leftmost dot being the lowest bit; a question mark for what the font has not.
    static func glyph(of character: Character) -> [UInt8] {
        // The minus sign of typographers, and the hyphen that does not break.
        let plain: Character = character == "\u{2212}" || character == "\u{2011}" ? "-" : character
        guard let code = plain.asciiValue, code >= 32, code < 127 else { return glyphs[31] }
        return glyphs[Int(code) - 32]
    }

    private static let glyphs: [[UInt8]] = drawing.split(separator: "\n\n").flatMap { block in
        let lines = block.split(separator: "\n").map { Array($0) }
        return (0..<16).map { column in lines.map { line in bits(line[(column * advance)...]) } }
    }

    /// The dots of a row that a line begins with.
    private static func bits(_ line: ArraySlice<Character>) -> UInt8 {
        var bits: UInt8 = 0
        for (dot, character) in line.prefix(glyphWidth).enumerated() where character == "#" { bits |= 1 << dot }
        return bits
    }
}
