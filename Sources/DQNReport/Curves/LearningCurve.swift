public import DQNModel

/// A metric of one run against agent steps or time: points with rising x, straight lines between them.
public struct LearningCurve: Sendable, Equatable {
    /// Where the points are; strictly rising.
    public let x: [Double]
    /// The metric at each of them; finite.
    public let y: [Double]

    /// Largest magnitude that is drawn: squares of it, and sums of them, are still numbers.
    static let largestMagnitude = 1e100

    /// Creates a curve from two columns of a table.
    ///
    /// Rows where either value is NaN, infinite or beyond ±1e100 are skipped. Rows are put in rising order of x; of
    /// rows with the same x the last one counts. O(n log n).
    /// - Throws: ``ReportError`` (`lengthMismatch`) when the columns differ in length.
    public init(x: [Double], y: [Double]) throws(ReportError) {
        guard x.count == y.count else {
            throw ReportError(
                code: .lengthMismatch,
                message: "A curve has \(x.count) x values and \(y.count) y values; give as many of each.")
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

    /// Wraps columns that are known to be drawable and rising.
    init(rising x: [Double], _ y: [Double]) {
        self.x = x
        self.y = y
    }

    /// Whether there is nothing to draw.
    public var isEmpty: Bool { x.isEmpty }

    /// The value at a position by linear interpolation; `nil` outside the curve. O(log n).
    public func value(at position: Double) -> Double? {
        guard let first = x.first, let last = x.last, position >= first, position <= last else { return nil }
        var low = 0
        var high = x.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if x[middle] <= position { low = middle } else { high = middle }
        }
        // The points themselves come back unchanged, whatever rounding the formula would add.
        if position == x[low] { return y[low] }
        if position == x[high] { return y[high] }
        let fraction = (position - x[low]) / (x[high] - x[low])
        return y[low] + (y[high] - y[low]) * fraction
    }
}
