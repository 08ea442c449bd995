/// One line of a plot: a run, or several runs that differ only in their seed.
public struct CurveSeries: Sendable, Equatable {
    /// How prominent a line is.
    package enum Emphasis: Sendable, Equatable {
        /// The plot's subject.
        case strong
        /// Context, drawn thin and pale behind the strong lines.
        case light
    }

    /// The label in the legend, which adds the number of runs if there are several.
    package var label: String
    /// One curve per run.
    package var curves: [LearningCurve]
    /// How prominent the line is.
    package var emphasis: Emphasis
    /// Whether every point has a marker. A line of one point always has one.
    package var hasMarkers: Bool

    /// Creates a series.
    ///
    /// - Parameters:
    ///   - label: the label in the legend, which adds the number of runs if there are several.
    ///   - curves: one curve per run.
    public init(label: String, curves: [LearningCurve]) {
        self.init(label: label, curves: curves, emphasis: .strong)
    }

    /// Creates a series with another emphasis or with markers.
    package init(label: String, curves: [LearningCurve], emphasis: Emphasis, hasMarkers: Bool = false) {
        self.label = label
        self.curves = curves
        self.emphasis = emphasis
        self.hasMarkers = hasMarkers
    }
}
