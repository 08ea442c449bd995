/// The range of values on an axis.
package struct AxisRange: Sendable, Equatable {
    /// The lower end.
    package var lower: Double
    /// The upper end; above ``lower``.
    package var upper: Double

    /// The narrowest range relative to the values' magnitude, so that tick labels stay short.
    private static let narrowest = 1e-5

    /// Creates a range from its ends.
    package init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// Creates a range that covers values with a margin of 5 % of their span on either side.
    ///
    /// Nearly equal values lie in the middle of a range that is wide enough for readable ticks.
    package init(covering least: Double, _ greatest: Double) {
        let magnitude = max(least.magnitude, greatest.magnitude)
        var span = greatest - least
        if span <= magnitude * Self.narrowest || span < 1e-100 {
            span = magnitude < 1e-100 ? 1 : magnitude / 5
            let middle = least + (greatest - least) / 2
            lower = middle - span / 2
            upper = middle + span / 2
        } else {
            lower = least - span * 0.05
            upper = greatest + span * 0.05
        }
    }

    /// Creates a range for positions of learning curves, from 0, where training begins, to just beyond the last.
    package init(positions least: Double, _ greatest: Double) {
        if least < 0 {
            self.init(covering: least, greatest)
        } else {
            self.init(lower: 0, upper: greatest < 1e-100 ? 1 : greatest * 1.02)
        }
    }

    /// Returns the relative position of a value: 0 at the lower end, 1 at the upper end.
    package func fraction(_ value: Double) -> Double { (value - lower) / (upper - lower) }
}
