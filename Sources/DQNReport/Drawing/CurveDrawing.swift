internal import DQNModel

/// The layout of a plot: its shapes.
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

    static let ink = "#222222"
    static let grid = "#E4E4E4"
    /// The frame around the curves of a plot of the default size.
    package static let frame = Box(left: 72, top: 40, width: 628, height: 340)
    /// The margin on the right of the frame.
    private static let margin = 20.0
    /// The frame's least height.
    private static let leastHeight = 80.0

    let plot: CurvePlot
    let styles: [LineStyle]
    let legend: CurveLegend
    /// The frame around the curves.
    package let frame: Box
    /// The width of the picture.
    package var width: Double { frame.right + Self.margin }
    /// The height of the picture.
    package var height: Double { legend.bottom }
    /// The range of the horizontal axis.
    package let xRange: AxisRange
    /// The range of the vertical axis.
    package let yRange: AxisRange

    /// Lays out a plot of the default size: 720 pixels wide, with a frame of 340 pixels and the legend below it.
    package init(_ plot: CurvePlot) { self.init(plot, in: Self.frame) }

    /// Lays out a plot of a size.
    ///
    /// - Throws: ``ReportError`` (`pictureTooSmall`) if nothing is left for the curves.
    package init(_ plot: CurvePlot, size: PlotSize) throws(ReportError) {
        var frame = Self.frame
        frame.width = Double(size.width) - frame.left - Self.margin
        let below = CurveLegend(plot, styles: [], below: frame).bottom - frame.bottom
        frame.height = Double(size.height) - frame.top - below
        guard frame.height >= Self.leastHeight else {
            let least = Int((Self.leastHeight + frame.top + below).rounded(.up))
            throw ReportError(
                code: .pictureTooSmall,
                message:
                    "A picture of \(size) has no room for the curves above its legend; use at least "
                    + "\(size.width)x\(least), or shorter names.")
        }
        self.init(plot, in: frame)
    }

    private init(_ plot: CurvePlot, in frame: Box) {
        self.plot = plot
        self.frame = frame
        styles = plot.series.indices.map { LineStyle(index: $0) }
        legend = CurveLegend(plot, styles: styles, below: frame)
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
    package func x(_ value: Double) -> Double { frame.left + xRange.fraction(value) * frame.width }

    /// Returns the coordinate of a value on the vertical axis, clamped far outside the frame.
    package func y(_ value: Double) -> Double {
        let fraction = min(max(yRange.fraction(value), -10), 11)
        return frame.bottom - fraction * frame.height
    }

    /// All shapes, on white.
    package var elements: [PlotElement] { axes + curves + legend.elements }

    /// The title of the document.
    var documentTitle: String { plot.title.isEmpty ? plot.yLabel : plot.title }
}
