extension PrintableText {
    /// The number of a terminal's columns that a printable text takes: two for wide characters of East Asian scripts and
    /// for most emoji, none for combining marks.
    ///
    /// Terminals differ in rare characters.
    package static func columns(of text: String) -> Int {
        text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.unicodeScalars.reduce(0) { $0 + columns(of: $1) }
    }

    /// Returns the longest beginning of a text that takes at most this many columns.
    package static func prefix(of text: String, columns limit: Int) -> String {
        var left = limit
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix {
                    left -= columns(of: $0)
                    return left >= 0
                }))
    }

    private static func columns(of scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: return isWide(scalar) ? 2 : 1
        }
    }

    /// Whether Unicode's East_Asian_Width is W or F, by blocks.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1_7000...0x1_8CFF, 0x1_B000...0x1_B2FF,
            0x2_0000...0x3_FFFD:
            true
        default: scalar.properties.isEmojiPresentation
        }
    }
}
