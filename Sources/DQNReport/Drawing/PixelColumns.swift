/// Removes points that a screen cannot show.
package enum PixelColumns {
    /// Keeps the first, the last, the lowest and the highest point in each column of pixels.
    ///
    /// A line through them covers the same pixels as a line through all points (M4 aggregation: Jugel et al. 2014,
    /// section 4), so that the plot of a long run stays small. O(n).
    package static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        var result: [(x: Double, y: Double)] = []
        var start = 0
        while start < points.count {
            let column = points[start].x.rounded(.down)
            var end = start + 1
            while end < points.count, points[end].x.rounded(.down) == column { end += 1 }
            if end - start <= 4 {
                result += points[start..<end]
            } else {
                let indices = start..<end
                let lowest = indices.min { points[$0].y < points[$1].y } ?? start
                let highest = indices.max { points[$0].y < points[$1].y } ?? start
                result += Set([start, lowest, highest, end - 1]).sorted().map { points[$0] }
            }
            start = end
        }
        return result
    }
}
