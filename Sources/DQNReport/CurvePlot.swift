public import DQNModel

/// Learning curves in one frame, drawn as SVG.
///
/// ```swift
/// let curve = try LearningCurve(x: [0, 5_000, 10_000], y: [22, 180, 500])
/// let plot = try CurvePlot(
///     title: "CartPole-v1", xLabel: "Agent steps", yLabel: "Mean evaluation return",
///     series: [CurveSeries(label: "dqn", curves: [curve])])
/// try Data(plot.svg.utf8).write(to: url)
/// ```
///
/// A series of several runs is drawn as their mean with a band: the 95% confidence interval of the mean by Student's
/// t, where all runs have data. Equal values give equal bytes.
public struct CurvePlot: Sendable, Equatable {
    /// The heading; empty for none.
    public let title: String
    /// What the horizontal axis counts.
    public let xLabel: String
    /// What the vertical axis measures.
    public let yLabel: String
    /// The lines, in the legend's order.
    public let series: [CurveSeries]

    let lines: [MeanCurve]

    /// Creates a plot; averages series of several runs.
    ///
    /// - Throws: ``ReportError``: `empty` when there is no series or a run without a point, `noCommonRange` when the
    ///   runs of a series have no x in common.
    public init(title: String, xLabel: String, yLabel: String, series: [CurveSeries]) throws(ReportError) {
        guard !series.isEmpty else {
            throw ReportError(code: .empty, message: "A plot needs a curve; give at least one.")
        }
        var lines: [MeanCurve] = []
        for one in series { lines.append(try MeanCurve(one)) }
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
        self.lines = lines
    }

    /// The picture: an SVG document of 720 pixels' width, whose height follows from the legend's rows.
    ///
    /// The legend stands below the frame. A point that lies alone is drawn as a marker. O(points).
    public var svg: String { CurveDrawing(self).document }
}
