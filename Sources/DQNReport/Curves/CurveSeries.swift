/// One line of a plot: a run, or several runs that differ in their seed alone.
public struct CurveSeries: Sendable, Equatable {
    /// How much a line draws the eye.
    public enum Emphasis: Sendable, Equatable {
        /// The plot's subject.
        case strong
        /// Thin and pale, behind the strong ones: context.
        case light
    }

    /// What the legend says; of several runs it adds their number.
    public var label: String
    /// A curve per run.
    public var curves: [LearningCurve]
    /// How much the line draws the eye.
    public var emphasis: Emphasis
    /// Whether every point is marked; a line of one point is marked in any case.
    public var hasMarkers: Bool

    /// Creates a series.
    public init(
        label: String, curves: [LearningCurve], emphasis: Emphasis = .strong, hasMarkers: Bool = false
    ) {
        self.label = label
        self.curves = curves
        self.emphasis = emphasis
        self.hasMarkers = hasMarkers
    }
}
