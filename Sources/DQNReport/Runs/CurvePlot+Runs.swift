public import DQNModel

extension CurvePlot {
    /// What several runs are drawn against.
    public enum Progress: String, Sendable, CaseIterable {
        /// Agent steps.
        case steps
        /// Wall time since training began, in seconds.
        case time
    }

    /// Compares runs in one metric; those that differ in their seed alone become one line with a band.
    ///
    /// - Parameters:
    ///   - runs: the runs, each with its curve of the metric.
    ///   - metric: the metric's name.
    ///   - progress: what the curves' x counts; times are drawn in seconds, minutes or hours, as suits the longest.
    ///   - title: the heading; `nil` takes the environment, where all runs share it.
    /// - Throws: ``ReportError``: `empty`, `sameRunTwice`, `noCommonRange`.
    public init(
        _ runs: [RecordedRun], metric: String, against progress: Progress, title: String? = nil
    ) throws(ReportError) {
        var series = try CurveSeries.grouping(runs)
        var xLabel = "Agent steps"
        if progress == .time {
            let longest = runs.compactMap(\.curve.x.last).reduce(0, max)
            let (unit, seconds) = longest < 180 ? ("s", 1.0) : longest < 3 * 3600 ? ("min", 60.0) : ("h", 3600.0)
            xLabel = "Wall time (\(unit))"
            for index in series.indices {
                series[index].curves = series[index].curves.map {
                    LearningCurve(rising: $0.x.map { $0 / seconds }, $0.y)
                }
            }
        }
        let environments = Set(runs.compactMap { $0.configuration["environment"]?.stringValue })
        let heading = environments.count == 1 ? environments.first : nil
        try self.init(
            title: title ?? heading ?? "Learning curves", xLabel: xLabel, yLabel: Metric.axisLabel(metric),
            series: series)
    }
}
