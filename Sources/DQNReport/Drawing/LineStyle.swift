/// How a series is told from the others.
package struct LineStyle: Sendable, Equatable {
    /// The colour, `#RRGGBB`.
    package let colour: String
    /// The dash pattern; `nil` is a solid line.
    package let dashes: String?

    /// The colours of Okabe and Ito (2008), told apart with every kind of colour vision; without their yellow, which
    /// white paper swallows.
    package static let palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
    private static let patterns: [String?] = [nil, "7 3", "2 2.5", "7 2.5 2 2.5"]

    /// The style of the series of an index: all colours with solid lines, then all of them dashed, and so on.
    package init(index: Int) {
        colour = Self.palette[index % Self.palette.count]
        dashes = Self.patterns[index / Self.palette.count % Self.patterns.count]
    }
}
