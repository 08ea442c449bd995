/// A distribution of values: how many lie in each of evenly spaced intervals between the least and the greatest.
package struct EventHistogram: Sendable, Equatable {
    package let least: Double
    package let greatest: Double
    package let count: Int
    package let sum: Double
    package let sumOfSquares: Double
    /// The upper end of each interval, increasing.
    package let limits: [Double]
    /// The number of values in each interval.
    package let counts: [Double]

    private static let intervals = 30

    /// Counts values; `nil` if none is finite.
    package init?(_ values: [Double]) {
        let finite = values.filter(\.isFinite)
        guard let first = finite.first else { return nil }
        let (least, greatest) = finite.reduce((first, first)) { (min($0.0, $1), max($0.1, $1)) }
        (self.least, self.greatest, count) = (least, greatest, finite.count)
        sum = finite.reduce(0, +)
        sumOfSquares = finite.reduce(0) { $0 + $1 * $1 }
        let width = (greatest - least) / Double(Self.intervals)
        guard width > 0, width.isFinite else {
            // Equal values have one interval around them.
            limits = [greatest + max(abs(greatest) * 1e-6, 1e-12)]
            counts = [Double(finite.count)]
            return
        }
        var counts = [Double](repeating: 0, count: Self.intervals)
        for value in finite { counts[min(Int((value - least) / width), Self.intervals - 1)] += 1 }
        self.counts = counts
        limits = (1...Self.intervals).map { $0 == Self.intervals ? greatest : least + Double($0) * width }
    }
}
