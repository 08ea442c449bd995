internal import DQNModel

extension CurvePlot {
    /// The horizontal axis of a comparison.
    package enum Progress: String, Sendable, CaseIterable {
        /// Agent steps.
        case steps
        /// Wall-clock time since training began, in seconds.
        case time
    }

    /// Creates a plot that compares runs in one metric. Runs that differ only in their seed become one line with a band.
    ///
    /// - Parameters:
    ///   - runs: the runs, each with its curve of the metric.
    ///   - metric: the metric's name.
    ///   - progress: the horizontal axis. Times are drawn in seconds, minutes or hours, depending on the longest.
    ///   - title: the title. `nil` uses the environment, if all runs share it.
    /// - Throws: ``ReportError``: `empty`, `sameRunTwice`, `noCommonRange`.
    package init(
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
