public import DQNModel

/// A metric of one run against agent steps or time: points with increasing x, joined by straight lines.
public struct LearningCurve: Sendable, Equatable {
    /// The positions of the points, strictly increasing.
    package let x: [Double]
    /// The finite values at these positions.
    package let y: [Double]

    /// The largest magnitude that is drawn. Sums of its squares do not overflow.
    static let largestMagnitude = 1e100

    /// Creates a curve from two columns of a table.
    ///
    /// Skips rows where a value is NaN, infinite or beyond ±1e100. Sorts rows by x; of rows with the same x the last
    /// counts. O(n log n).
    /// - Parameters:
    ///   - x: agent steps or times.
    ///   - y: the metric at each of them.
    /// - Throws: ``ReportError`` (`lengthMismatch`) when the columns differ in length.
    public init(x: [Double], y: [Double]) throws(ReportError) {
        guard x.count == y.count else {
            throw ReportError(
                code: .lengthMismatch,
                message: "A curve needs as many x values as y values, but has \(x.count) and \(y.count).")
        }
        let drawable = { (value: Double) in value.magnitude <= Self.largestMagnitude }
        let rows = zip(x, y).enumerated().filter { drawable($0.element.0) && drawable($0.element.1) }
            .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element)
        var columns = (x: [Double](), y: [Double]())
        for row in rows {
            if columns.x.last == row.0 {
                columns.y[columns.y.count - 1] = row.1
            } else {
                columns.x.append(row.0)
                columns.y.append(row.1)
            }
        }
        self.init(rising: columns.x, columns.y)
    }

    /// Creates a curve from columns that are drawable and increasing.
    init(rising x: [Double], _ y: [Double]) {
        self.x = x
        self.y = y
    }

    /// Returns the curve as an exponential moving average, without the bias to the first values that starting from zero
    /// would give.
    ///
    /// - Parameter weight: the share that each average keeps of the one before, from 0 to below 1.
    package func smoothed(weight: Double) -> LearningCurve {
        var (sum, share) = (0.0, 0.0)
        let averages = y.map { value in
            sum = weight * sum + (1 - weight) * value
            share = weight * share + (1 - weight)
            return sum / share
        }
        return LearningCurve(rising: x, averages)
    }

    /// Whether the curve has no points.
    package var isEmpty: Bool { x.isEmpty }

    /// Returns the linearly interpolated value at a position, or `nil` outside the curve. O(log n).
    package func value(at position: Double) -> Double? {
        guard let first = x.first, let last = x.last, position >= first, position <= last else { return nil }
        var low = 0
        var high = x.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if x[middle] <= position { low = middle } else { high = middle }
        }
        // Return the points themselves unchanged; the formula may round.
        if position == x[low] { return y[low] }
        if position == x[high] { return y[high] }
        let fraction = (position - x[low]) / (x[high] - x[low])
        return y[low] + (y[high] - y[low]) * fraction
    }
}
