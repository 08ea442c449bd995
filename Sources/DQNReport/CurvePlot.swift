public import DQNModel

/// A plot of learning curves, drawn as SVG.
///
/// ```swift
/// let curve = try LearningCurve(x: [0, 5_000, 10_000], y: [22, 180, 500])
/// let plot = try CurvePlot(
///     title: "CartPole-v1", xLabel: "Agent steps", yLabel: "Mean evaluation return",
///     series: [CurveSeries(label: "dqn", curves: [curve])])
/// try Data(plot.svg.utf8).write(to: url)
/// ```
///
/// A series of several runs is drawn as their mean with a band, the 95% confidence interval of the mean (Student's t),
/// where all runs have data. Equal values produce equal bytes.
public struct CurvePlot: Sendable, Equatable {
    /// The title; empty for none.
    package internal(set) var title: String
    /// The label of the horizontal axis.
    package internal(set) var xLabel: String
    /// The label of the vertical axis.
    package internal(set) var yLabel: String
    /// The lines, in the legend's order.
    package internal(set) var series: [CurveSeries]
    /// A line below the legend that explains how the curves were made; `nil` for none.
    package var note: String?

    /// What is drawn of each series: its mean and band.
    package let lines: [MeanCurve]

    /// Creates a plot and averages series of several runs.
    ///
    /// - Parameters:
    ///   - title: the title; empty for none.
    ///   - xLabel: the label of the horizontal axis.
    ///   - yLabel: the label of the vertical axis.
    ///   - series: the lines, in the legend's order.
    /// - Throws: ``ReportError``: `empty` when there is no series or a run has no points; `noCommonRange` when the runs
    ///   of a series have no x range in common.
    public init(title: String, xLabel: String, yLabel: String, series: [CurveSeries]) throws(ReportError) {
        guard !series.isEmpty else {
            throw ReportError(code: .empty, message: "A plot needs at least one curve; pass one.")
        }
        var lines: [MeanCurve] = []
        for one in series { lines.append(try MeanCurve(one)) }
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
        self.lines = lines
    }

    /// The plot as an SVG document, 720 pixels wide; the height depends on the legend.
    ///
    /// The legend is below the frame. A single point is drawn as a marker. O(points).
    public var svg: String { SVGDocument(CurveDrawing(self)).text }
}
