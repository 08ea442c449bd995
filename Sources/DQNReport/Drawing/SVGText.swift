internal import DQNSupport

/// Formats numbers and text for an SVG document.
package enum SVGText {
    /// Formats a coordinate with at most two decimals: finer than any screen and the same bytes on every machine.
    package static func number(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let digits = String(hundredths.magnitude)
        let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        var text = "\(padded.dropLast(2)).\(padded.suffix(2))"
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return (hundredths < 0 ? "-" : "") + text
    }

    /// Escapes text for XML content and attributes.
    ///
    /// Line breaks and tabs become spaces. Other characters that are not printable, which include those that XML 1.0
    /// forbids, appear as their escapes.
    package static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in printable(text).unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// Returns the text as it is drawn.
    package static func printable(_ text: String) -> String {
        PrintableText.line(String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }))
    }

    /// Estimates the width of a text in pixels: slightly more than common sans-serif fonts need.
    ///
    /// The viewing program chooses the font, so the exact width is unknown.
    package static func width(_ text: String, size: Double) -> Double {
        text.reduce(0) { $0 + width($1) } * size
    }

    /// Truncates a text to a width, with an ellipsis if necessary.
    package static func fitted(_ text: String, width limit: Double, size: Double) -> String {
        let text = printable(text)
        guard width(text, size: size) > limit else { return text }
        var used = width("…", size: size)
        let kept = text.prefix { character in
            used += width(character) * size
            return used <= limit
        }
        return kept + "…"
    }

    /// Returns a character's width relative to the font size, based on DejaVu Sans, the widest of the common fonts.
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
