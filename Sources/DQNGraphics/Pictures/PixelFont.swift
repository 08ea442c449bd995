/// A font of five by eight dots with the printable ASCII characters.
package enum PixelFont {
    /// The width of a character in dots.
    package static let glyphWidth = 5
    /// The distance between characters in dots.
    package static let advance = 6
    /// The height of a character in dots, including its descender.
    package static let height = 8

    /// Returns the width of a text in pixels.
    package static func width(_ text: String, scale: Int) -> Int {
        max(text.count * advance - (advance - glyphWidth), 0) * scale
    }

    /// Truncates a text to a number of characters; a truncated text ends in two dots.
    package static func fitted(_ text: String, _ count: Int) -> String {
        text.count <= count ? text : text.prefix(max(count - 2, 0)) + ".."
    }

    /// Returns a character's rows, with the leftmost dot in the lowest bit. Unknown characters appear as a question mark.
    static func glyph(of character: Character) -> [UInt8] {
        // U+2212 is the minus sign, U+2011 the non-breaking hyphen.
        let plain: Character = character == "\u{2212}" || character == "\u{2011}" ? "-" : character
        guard let code = plain.asciiValue, code >= 32, code < 127 else { return glyphs[31] }
        return glyphs[Int(code) - 32]
    }

    private static let glyphs: [[UInt8]] = drawing.split(separator: "\n\n").flatMap { block in
        let lines = block.split(separator: "\n").map { Array($0) }
        return (0..<16).map { column in lines.map { line in bits(line[(column * advance)...]) } }
    }

    /// Parses the dots at the start of a line.
    private static func bits(_ line: ArraySlice<Character>) -> UInt8 {
        var bits: UInt8 = 0
        for (dot, character) in line.prefix(glyphWidth).enumerated() where character == "#" { bits |= 1 << dot }
        return bits
    }
}
