/// A point of a canvas in pixels, x to the right and y downwards. The centre of the first pixel is (0.5, 0.5).
package typealias PicturePoint = SIMD2<Double>

/// Draws shapes with smooth edges.
///
/// A shape is defined by the distance of a pixel's centre from its edge. Colours are mixed in sixteenths, so that pictures
/// have few colours and rounding differences between machines do not show. Anything outside the canvas is clipped.
package struct PictureCanvas {
    /// The picture so far.
    package private(set) var picture: Picture
    package var width: Int { picture.width }
    package var height: Int { picture.height }

    /// Creates a canvas of one colour.
    package init(width: Int, height: Int, _ background: PictureColor) {
        picture = Picture(width: width, height: height, filledWith: background)
    }

    /// Fills the points of a box whose distance is negative.
    ///
    /// - Parameter distance: the distance from the shape's edge in pixels, negative inside.
    package mutating func fill(
        from corner: PicturePoint, to opposite: PicturePoint, _ color: PictureColor,
        distance: (PicturePoint) -> Double
    ) {
        let columns = Self.clamped(corner.x, opposite.x, to: width)
        let rows = Self.clamped(corner.y, opposite.y, to: height)
        for y in rows {
            for x in columns {
                let inside = 0.5 - distance(PicturePoint(Double(x) + 0.5, Double(y) + 0.5))
                // The comparison is false for NaN.
                guard inside > 0 else { continue }
                blend(x, y, color, sixteenths: Int((min(inside, 1) * 16).rounded()))
            }
        }
    }

    /// Draws a line with round ends.
    package mutating func line(
        from start: PicturePoint, to end: PicturePoint, thickness: Double, _ color: PictureColor
    ) {
        let along = end - start
        let squaredLength = (along * along).sum()
        let radius = thickness / 2
        let margin = PicturePoint(repeating: radius + 1)
        fill(
            from: pointwiseMin(start, end) - margin, to: pointwiseMax(start, end) + margin, color
        ) { point in
            let offset = point - start
            let share = squaredLength > 0 ? min(max((offset * along).sum() / squaredLength, 0), 1) : 0
            let away = offset - along * share
            return (away * away).sum().squareRoot() - radius
        }
    }

    /// Fills a disc.
    package mutating func disc(_ centre: PicturePoint, radius: Double, _ color: PictureColor) {
        line(from: centre, to: centre, thickness: 2 * radius, color)
    }

    /// Fills a rectangle, with round corners if the radius is positive.
    package mutating func rectangle(
        from corner: PicturePoint, to opposite: PicturePoint, rounding radius: Double = 0, _ color: PictureColor
    ) {
        let centre = (corner + opposite) / 2
        let half = (opposite - corner) / 2
        fill(from: corner - 1, to: opposite + 1, color) { point in
            let offset = point - centre
            let beyond = PicturePoint(abs(offset.x), abs(offset.y)) - half + radius
            let outside = pointwiseMax(beyond, .zero)
            return (outside * outside).sum().squareRoot() + min(max(beyond.x, beyond.y), 0) - radius
        }
    }

    /// Fills a convex polygon; its corners may be in either order.
    package mutating func convexPolygon(_ corners: [PicturePoint], _ color: PictureColor) {
        guard corners.count >= 3 else { return }
        var area = 0.0
        var (least, most) = (corners[0], corners[0])
        for (corner, next) in zip(corners, corners[1...] + corners[...0]) {
            area += corner.x * next.y - corner.y * next.x
            (least, most) = (pointwiseMin(least, corner), pointwiseMax(most, corner))
        }
        let turn: Double = area < 0 ? -1 : 1
        let edges = zip(corners, corners[1...] + corners[...0]).map { corner, next in
            let along = next - corner
            let length = max((along * along).sum().squareRoot(), .leastNormalMagnitude)
            return (corner: corner, outwards: PicturePoint(along.y, -along.x) * turn / length)
        }
        fill(from: least - 1, to: most + 1, color) { point in
            edges.reduce(-Double.infinity) { max($0, ((point - $1.corner) * $1.outwards).sum()) }
        }
    }

    /// Draws a picture.
    package mutating func draw(_ other: Picture, x: Int, y: Int) {
        let columns = max(0, -x)..<max(min(other.width, width - x), max(0, -x))
        for row in max(0, -y)..<max(min(other.height, height - y), max(0, -y)) {
            let from = 3 * (row * other.width + columns.lowerBound)
            let to = 3 * ((y + row) * width + x + columns.lowerBound)
            for index in 0..<3 * columns.count { picture.bytes[to + index] = other.bytes[from + index] }
        }
    }

    private mutating func blend(_ x: Int, _ y: Int, _ color: PictureColor, sixteenths: Int) {
        func mixed(_ old: UInt8, _ new: UInt8) -> UInt8 {
            UInt8((Int(old) * (16 - sixteenths) + Int(new) * sixteenths + 8) / 16)
        }
        let start = 3 * (y * width + x)
        picture.bytes[start] = mixed(picture.bytes[start], color.red)
        picture.bytes[start + 1] = mixed(picture.bytes[start + 1], color.green)
        picture.bytes[start + 2] = mixed(picture.bytes[start + 2], color.blue)
    }

    /// Returns the pixels between two bounds. Clamps before the conversion, because a restored state may lie far outside.
    private static func clamped(_ lower: Double, _ upper: Double, to count: Int) -> Range<Int> {
        let low = min(max(lower.rounded(.down), 0), Double(count))
        let high = min(max(upper.rounded(.up), low), Double(count))
        guard low.isFinite, high.isFinite else { return 0..<0 }
        return Int(low)..<Int(high)
    }
}
