extension CurveDrawing {
    /// The bands of all series, then the lines, so that no band covers a line.
    var curves: [PlotElement] {
        let bands = plot.series.indices.compactMap { index in
            plot.lines[index].halfWidth.map { band(plot.lines[index], $0, styles[index]) }
        }
        let ordered = [CurveSeries.Emphasis.light, .strong].flatMap { emphasis in
            plot.series.indices.filter { plot.series[$0].emphasis == emphasis }
        }
        return bands + ordered.flatMap(curve)
    }

    /// Returns the line and the markers of a series.
    private func curve(_ index: Int) -> [PlotElement] {
        let series = plot.series[index]
        let line = plot.lines[index]
        let style = styles[index]
        var parts: [PlotElement] = []
        let points = zip(line.x, line.mean).map { (x: x($0), y: y($1)) }
        let shown = PixelColumns.thinned(points).map { PlotPoint(x: $0.x, y: $0.y) }
        if points.count > 1 { parts.append(.curve(shown, Self.stroke(series, style))) }
        if points.count == 1 || series.hasMarkers { parts += shown.map { .marker($0, colour: style.colour) } }
        return parts
    }

    private func band(_ line: MeanCurve, _ halfWidth: [Double], _ style: LineStyle) -> PlotElement {
        // Only bands can extend beyond the frame.
        let intervals = line.x.indices.map { index in
            PlotInterval(
                x: x(line.x[index]), low: y(line.mean[index] - halfWidth[index]),
                high: y(line.mean[index] + halfWidth[index]))
        }
        return intervals.count == 1
            ? .bar(intervals[0], colour: style.colour) : .band(intervals, colour: style.colour)
    }

    /// Returns how a series' line is drawn, for the plot and the legend.
    static func stroke(_ series: CurveSeries, _ style: LineStyle) -> PlotStroke {
        let isStrong = series.emphasis == .strong
        return PlotStroke(
            colour: style.colour, width: isStrong ? 2 : 1.25, opacity: isStrong ? 1 : 0.6, dashes: style.dashes)
    }
}
