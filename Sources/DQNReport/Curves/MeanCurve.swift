internal import DQNModel

/// The mean of several runs with its 95% confidence interval: mean ± t · s / √n, where s is the sample standard
/// deviation over the n runs (with denominator n − 1) and t the 0.975 quantile of Student's distribution with n − 1
/// degrees of freedom.
///
/// It covers the positions where *all* runs have data; otherwise the mean would jump where a run ends. Values between a
/// run's points are interpolated linearly.
package struct MeanCurve: Sendable, Equatable {
    /// The positions of the mean, strictly increasing.
    package let x: [Double]
    /// The mean over the runs at each position.
    package let mean: [Double]
    /// Half the width of the interval at each position; `nil` for a single run.
    package let halfWidth: [Double]?
    /// The number of runs.
    package let count: Int

    /// The largest number of positions for several runs. Beyond it, evenly spaced positions are used.
    package static let maximumPositions = 1_000

    /// Averages a series.
    ///
    /// The positions are those of all runs or, if there are more than ``maximumPositions``, that many evenly spaced
    /// positions. A single run is used unchanged. O(runs · positions · log points).
    /// - Throws: ``ReportError``: `empty` when a run has no points; `noCommonRange` when no position lies in all runs.
    package init(_ series: CurveSeries) throws(ReportError) {
        guard !series.curves.isEmpty, !series.curves.contains(where: \.isEmpty) else {
            throw ReportError(
                code: .empty,
                message: "The series '\(series.label)' has a run without any value; omit that run or train it further."
            )
        }
        count = series.curves.count
        if count == 1 {
            x = series.curves[0].x
            mean = series.curves[0].y
            halfWidth = nil
            return
        }
        let first = series.curves.compactMap(\.x.first).reduce(-.infinity, max)
        let last = series.curves.compactMap(\.x.last).reduce(.infinity, min)
        guard first <= last else {
            throw ReportError(
                code: .noCommonRange,
                message: """
                    The runs of '\(series.label)' do not overlap: one begins at \(first) and another ends at \
                    \(last); plot them separately.
                    """)
        }
        let positions = Self.positions(series.curves, from: first, to: last)
        let root = Double(count).squareRoot()
        let quantile = StudentT.quantile95(degreesOfFreedom: count - 1)
        var means: [Double] = []
        var halfWidths: [Double] = []
        for position in positions {
            let values = series.curves.compactMap { $0.value(at: position) }
            let mean = values.reduce(0, +) / Double(count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            means.append(mean)
            halfWidths.append(quantile * (squares / Double(count - 1)).squareRoot() / root)
        }
        x = positions
        mean = means
        halfWidth = halfWidths
    }

    private static func positions(_ curves: [LearningCurve], from first: Double, to last: Double) -> [Double] {
        let all = Set(curves.flatMap(\.x).filter { $0 >= first && $0 <= last }).sorted()
        guard all.count > maximumPositions else { return all }
        return (0..<maximumPositions).map { index in
            // Use the last position exactly, so that it lies within every run.
            index == maximumPositions - 1
                ? last : first + (last - first) * Double(index) / Double(maximumPositions - 1)
        }
    }
}
