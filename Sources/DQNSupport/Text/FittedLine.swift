/// A line of a terminal, made of parts of which the less important ones are left out if the terminal is narrow.
package struct FittedLine: Sendable {
    /// A part of the line.
    private struct Part {
        let text: String
        /// The part with the largest rank is left out first.
        let rank: Int
    }

    private static let separator = "  "
    private var parts: [Part] = []

    /// Creates an empty line.
    package init() {}

    /// Appends a part; the one with the largest rank is left out first.
    package mutating func append(_ text: String, rank: Int) {
        parts.append(Part(text: PrintableText.escaped(text), rank: rank))
    }

    /// Returns the line in at most this many columns. If even the most important part alone is longer, it is cut.
    package func text(columns: Int) -> String {
        var parts = parts
        while parts.count > 1, PrintableText.columns(of: Self.joined(parts)) > columns,
            let last = parts.indices.max(by: { parts[$0].rank < parts[$1].rank })
        {
            parts.remove(at: last)
        }
        return PrintableText.prefix(of: Self.joined(parts), columns: columns)
    }

    private static func joined(_ parts: [Part]) -> String { parts.map(\.text).joined(separator: separator) }
}
