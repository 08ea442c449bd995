internal import Foundation

/// A text as lines, for pictures.
struct PlotLetters {
    /// The lines in pixels of the plot.
    let lines: [[PlotPoint]]
    /// The thickness of the lines.
    let thickness: Double

    /// The height of capital letters relative to the font size, as in Helvetica.
    private static let capitals = 0.72
    /// The font's letters are wider than those of most others.
    private static let narrowing = 0.85

    /// Lays out a text.
    init(_ text: PlotText) {
        let unit = text.size * Self.capitals / StrokeFont.capitalHeight
        let across = unit * Self.narrowing
        let glyphs = Self.drawable(text.text).map(StrokeFont.glyph)
        let width = glyphs.reduce(0) { $0 + $1.advance } * across
        var offset =
            switch text.anchor {
            case .start: 0.0
            case .middle: -width / 2
            case .end: -width
            }
        var lines: [[PlotPoint]] = []
        for glyph in glyphs {
            for line in glyph.lines {
                lines.append(
                    line.map { point in
                        let (x, y) = (offset + point.x * across, point.y * unit)
                        return text.isUpright
                            ? PlotPoint(x: text.position.x + y, y: text.position.y - x)
                            : PlotPoint(x: text.position.x + x, y: text.position.y + y)
                    })
            }
            offset += glyph.advance * across
        }
        self.lines = lines
        thickness = max(text.size * 0.09, 1)
    }

    /// Returns a text in the characters of the font. Others appear as their escapes.
    private static func drawable(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
            switch scalar {
            case _ where StrokeFont.has(scalar): return [scalar]
            case "’", "‘": return ["'"]
            case "“", "”": return ["\""]
            case "–", "—": return ["-"]
            case "…": return [".", ".", "."]
            default: return Array(escape(scalar).unicodeScalars)
            }
        }
    }

    /// The escape of a character that cannot be drawn.
    static func escape(_ scalar: Unicode.Scalar) -> String {
        "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
}
