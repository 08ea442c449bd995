/// The line style that distinguishes a series.
package struct LineStyle: Sendable, Equatable {
    /// The colour, `#RRGGBB`.
    package let colour: String
    /// The lengths of dashes and gaps; empty for a solid line.
    package let dashes: [Double]

    /// The colours of Okabe and Ito (2008), which people with any kind of colour vision can distinguish. Their yellow is
    /// omitted because it is hard to see on white.
    package static let palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
    private static let patterns: [[Double]] = [[], [7, 3], [2, 2.5], [7, 2.5, 2, 2.5]]

    /// Returns the style of a series: all colours with solid lines first, then all of them dashed, and so on.
    package init(index: Int) {
        colour = Self.palette[index % Self.palette.count]
        dashes = Self.patterns[index / Self.palette.count % Self.patterns.count]
    }
}
