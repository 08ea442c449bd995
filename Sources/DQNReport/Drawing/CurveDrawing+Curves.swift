extension CurveDrawing {
    /// The bands of all series, then the lines, so that no band covers a line.
    var curves: [String] {
        let bands = plot.series.indices.flatMap { index in
            plot.lines[index].halfWidth.map { band(plot.lines[index], $0, styles[index]) } ?? []
        }
        let ordered = [CurveSeries.Emphasis.light, .strong].flatMap { emphasis in
            plot.series.indices.filter { plot.series[$0].emphasis == emphasis }
        }
        return bands + ordered.flatMap(curve)
    }

    /// Returns the line and the markers of a series.
    private func curve(_ index: Int) -> [String] {
        let series = plot.series[index]
        let line = plot.lines[index]
        let style = styles[index]
        var parts: [String] = []
        let points = zip(line.x, line.mean).map { (x: x($0), y: y($1)) }
        if points.count > 1 {
            parts.append(
                "<polyline points=\"\(Self.list(PixelColumns.thinned(points)))\" \(Self.stroke(series, style))/>")
        }
        if points.count == 1 || series.hasMarkers {
            parts += PixelColumns.thinned(points).map { Self.marker($0.x, $0.y, style) }
        }
        return parts
    }

    private func band(_ line: MeanCurve, _ halfWidth: [Double], _ style: LineStyle) -> [String] {
        // Only bands can extend beyond the frame.
        let clip = "clip-path=\"url(#frame)\""
        let edges = line.x.indices.map { index in
            (
                x: x(line.x[index]), low: y(line.mean[index] - halfWidth[index]),
                high: y(line.mean[index] + halfWidth[index])
            )
        }
        if edges.count == 1, let edge = edges.first {
            let number = SVGText.number
            return [
                "<line x1=\"\(number(edge.x))\" y1=\"\(number(edge.low))\" x2=\"\(number(edge.x))\" "
                    + "y2=\"\(number(edge.high))\" stroke=\"\(style.colour)\" stroke-width=\"2\" \(clip)/>"
            ]
        }
        let outline = edges.map { (x: $0.x, y: $0.high) } + edges.reversed().map { (x: $0.x, y: $0.low) }
        return ["<polygon points=\"\(Self.list(outline))\" fill=\"\(style.colour)\" fill-opacity=\"0.18\" \(clip)/>"]
    }

    /// Returns the attributes of a series' line, for the plot and the legend.
    static func stroke(_ series: CurveSeries, _ style: LineStyle) -> String {
        let isStrong = series.emphasis == .strong
        let dashes = style.dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
        return "fill=\"none\" stroke=\"\(style.colour)\" stroke-width=\"\(isStrong ? "2" : "1.25")\""
            + (isStrong ? "" : " stroke-opacity=\"0.6\"") + " stroke-linejoin=\"round\"\(dashes)"
    }

    /// Returns a marker.
    static func marker(_ x: Double, _ y: Double, _ style: LineStyle) -> String {
        "<circle cx=\"\(SVGText.number(x))\" cy=\"\(SVGText.number(y))\" r=\"3\" fill=\"\(style.colour)\"/>"
    }

    private static func list(_ points: [(x: Double, y: Double)]) -> String {
        points.map { "\(SVGText.number($0.x)),\(SVGText.number($0.y))" }.joined(separator: " ")
    }
}
