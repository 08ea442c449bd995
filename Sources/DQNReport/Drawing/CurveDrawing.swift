/// The layout of a plot and the resulting document.
///
/// Coordinates are pixels from the top left corner.
package struct CurveDrawing {
    /// A rectangle.
    package struct Box: Sendable, Equatable {
        package var left: Double
        package var top: Double
        package var width: Double
        package var height: Double
        package var right: Double { left + width }
        package var bottom: Double { top + height }
    }

    static let width = 720.0
    /// The frame around the curves.
    package static let frame = Box(left: 72, top: 40, width: 628, height: 340)
    static let ink = "#222222"
    static let grid = "#E4E4E4"

    let plot: CurvePlot
    let styles: [LineStyle]
    let legend: CurveLegend
    /// The range of the horizontal axis.
    package let xRange: AxisRange
    /// The range of the vertical axis.
    package let yRange: AxisRange

    /// Lays out a plot.
    package init(_ plot: CurvePlot) {
        self.plot = plot
        styles = plot.series.indices.map { LineStyle(index: $0) }
        legend = CurveLegend(plot, styles: styles)
        let positions = plot.lines.flatMap { [$0.x[0], $0.x[$0.x.count - 1]] }
        xRange = AxisRange(positions: positions.reduce(.infinity, min), positions.reduce(-.infinity, max))
        yRange = Self.yRange(plot)
    }

    /// Returns a range that covers the runs' values, and the bands up to half the values' span beyond them.
    ///
    /// With two or three runs an interval can be many times as wide as the values. The frame clips it, because otherwise
    /// the curves would flatten into a line.
    private static func yRange(_ plot: CurvePlot) -> AxisRange {
        let values = plot.series.flatMap(\.curves).flatMap(\.y)
        let least = values.reduce(.infinity, min)
        let greatest = values.reduce(-.infinity, max)
        let beyond = (greatest - least) / 2
        var lower = least
        var upper = greatest
        for line in plot.lines {
            guard let halfWidth = line.halfWidth else { continue }
            for (mean, half) in zip(line.mean, halfWidth) {
                lower = min(lower, max(mean - half, least - beyond))
                upper = max(upper, min(mean + half, greatest + beyond))
            }
        }
        return AxisRange(covering: lower, upper)
    }

    /// Returns the coordinate of a value on the horizontal axis.
    package func x(_ value: Double) -> Double { Self.frame.left + xRange.fraction(value) * Self.frame.width }

    /// Returns the coordinate of a value on the vertical axis, clamped far outside the frame.
    package func y(_ value: Double) -> Double {
        let fraction = min(max(yRange.fraction(value), -10), 11)
        return Self.frame.bottom - fraction * Self.frame.height
    }

    /// The complete SVG document.
    var document: String {
        let width = SVGText.number(Self.width)
        let height = SVGText.number(legend.bottom)
        let size = "width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\""
        var parts = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) role=\"img\" "
                + "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\" fill=\"\(Self.ink)\">",
            "<title>\(SVGText.escaped(plot.title.isEmpty ? plot.yLabel : plot.title))</title>",
            "<rect width=\"\(width)\" height=\"\(height)\" fill=\"#FFFFFF\"/>",
        ]
        parts += axes
        parts += curves
        parts += legend.elements
        parts += ["</svg>"]
        return parts.joined(separator: "\n") + "\n"
    }
}
