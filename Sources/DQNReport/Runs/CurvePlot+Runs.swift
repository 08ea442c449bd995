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
    ///   - names: the labels of the lines in the legend's order; empty for labels made from the configurations.
    ///   - smoothing: the weight of the exponential moving average, from 0 (none) to below 1.
    /// - Throws: ``ReportError``: `empty`, `sameRunTwice`, `noCommonRange`, `seriesNames`.
    package init(
        _ runs: [RecordedRun], metric: String, against progress: Progress, title: String? = nil, names: [String] = [],
        smoothing: Double = 0
    ) throws(ReportError) {
        var series = try CurveSeries.grouping(runs)
        if !names.isEmpty { try series.name(names) }
        if smoothing > 0 {
            for index in series.indices {
                series[index].curves = series[index].curves.map { $0.smoothed(weight: smoothing) }
            }
        }
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
        if smoothing > 0 { note = "Smoothed: exponential moving average with weight \(smoothing)." }
    }
}

extension [CurveSeries] {
    /// Gives the lines names.
    ///
    /// - Throws: ``ReportError`` (`seriesNames`) unless there is one for each line.
    fileprivate mutating func name(_ names: [String]) throws(ReportError) {
        guard names.count == count else {
            throw ReportError(
                code: .seriesNames,
                message:
                    "There are \(count) lines (\(map(\.label).joined(separator: "; "))) but \(names.count) names; give "
                    + "--name once for each line, in this order.")
        }
        for (index, name) in names.enumerated() { self[index].label = name }
    }
}
