/// How numbers and words are written into an SVG document.
package enum SVGText {
    /// A coordinate with at most two digits behind the point: finer than any screen, and the same bytes everywhere.
    package static func number(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let digits = String(hundredths.magnitude)
        let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        var text = "\(padded.dropLast(2)).\(padded.suffix(2))"
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return (hundredths < 0 ? "-" : "") + text
    }

    /// Text as XML holds it, in content and in attributes.
    ///
    /// Line breaks and tabs become spaces; characters that XML 1.0 does not allow become U+FFFD.
    package static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case "\n", "\r", "\t": result.append(" ")
            case "\0"..<" ", "\u{FFFE}", "\u{FFFF}": result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// About how wide a text is in pixels: a little more than any usual sans-serif font needs.
    ///
    /// The fonts are those of the program that shows the picture, so that nothing better can be known here.
    package static func width(_ text: String, size: Double) -> Double {
        text.reduce(0) { $0 + width($1) } * size
    }

    /// A text that fits a width, cut with an ellipsis where it must be.
    package static func fitted(_ text: String, width limit: Double, size: Double) -> String {
        guard width(text, size: size) > limit else { return text }
        var used = width("…", size: size)
        let kept = text.prefix { character in
            used += width(character) * size
            return used <= limit
        }
        return kept + "…"
    }

    /// A character's width in units of the font's size, after DejaVu Sans, the widest of the usual fonts.
    private static func width(_ character: Character) -> Double {
        guard character.isASCII else { return 1 }
        switch character {
        case "i", "j", "l", "I", "'", ".", ",", ":", ";", "|", "!", " ", "-", "/", "(", ")", "[", "]", "f", "t", "r":
            return 0.42
        case "m", "w", "M", "W", "@", "%", "=", "+", "<", ">", "&", "Q", "O", "G", "D", "H", "N", "#", "~": return 0.99
        case "A"..."Z": return 0.72
        default: return 0.64
        }
    }
}
