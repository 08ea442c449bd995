internal import Foundation

/// A text as lines, for pictures.
package struct PlotLetters {
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
        let glyphs = Self.drawable(text.text).unicodeScalars.map(StrokeFont.glyph)
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

    /// Symbols that people use in names, as words.
    private static let words: [Unicode.Scalar: String] = [
        "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta",
        "λ": "lambda", "μ": "mu", "µ": "mu", "π": "pi", "σ": "sigma", "τ": "tau", "ß": "ss", "æ": "ae", "Æ": "AE",
        "ø": "o", "Ø": "O", "œ": "oe", "ł": "l", "×": "x", "·": "*", "’": "'", "‘": "'",
        "“": "\"", "”": "\"", "–": "-", "—": "-", "…": "...", "→": "->", "≤": "<=", "≥": ">=",
    ]

    /// Returns a text in the characters of the font: letters without their accents, symbols as words, others as their
    /// escapes.
    package static func drawable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if StrokeFont.has(scalar) {
                result.append(scalar)
            } else if let word = words[scalar] {
                result.append(contentsOf: word.unicodeScalars)
            } else {
                let parts = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
                let base = parts.filter { $0.properties.generalCategory != .nonspacingMark }
                let isKnown = !base.isEmpty && base.allSatisfy(StrokeFont.has)
                // A mark of its own belongs to the letter before it, which is drawn.
                if isKnown || parts.allSatisfy({ $0.properties.generalCategory == .nonspacingMark }) {
                    if isKnown { result.append(contentsOf: base) }
                } else {
                    result.append(contentsOf: escape(scalar).unicodeScalars)
                }
            }
        }
        return String(result)
    }

    /// The escape of a character that cannot be drawn.
    static func escape(_ scalar: Unicode.Scalar) -> String {
        "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
}
