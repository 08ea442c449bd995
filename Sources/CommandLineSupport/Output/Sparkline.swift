/// A curve as one line of text.
package enum Sparkline {
    private static let levels = Array("▁▂▃▄▅▆▇█")

    /// Returns a character for each value, or for the mean of neighbours if there are more than `columns`.
    ///
    /// The smallest value has the lowest bar, the largest the highest. A curve without differences has bars of half height.
    /// Values that are not finite are left out.
    package static func text(_ values: [Double], columns: Int = 40) -> String {
        let finite = values.filter(\.isFinite)
        let shown = finite.count <= columns ? finite : means(finite, columns)
        guard let lowest = shown.min(), let highest = shown.max() else { return "" }
        // Halves first: a difference of huge values may be infinite.
        let range = highest / 2 - lowest / 2
        return String(
            shown.map { value in
                guard range > 0 else { return levels[levels.count / 2 - 1] }
                let height = (value / 2 - lowest / 2) / range * Double(levels.count)
                return levels[min(Int(height), levels.count - 1)]
            })
    }

    private static func means(_ values: [Double], _ count: Int) -> [Double] {
        (0..<count).map { index in
            let part = values[(index * values.count / count)..<((index + 1) * values.count / count)]
            // Dividing each value first: a sum of huge values may be infinite.
            return part.reduce(0) { $0 + $1 / Double(part.count) }
        }
    }
}
