/// The legend below the frame: as many columns as fit, then a line that explains the bands.
struct CurveLegend {
    private struct Entry {
        let index: Int
        let text: String
        let x: Double
        let y: Double
    }

    /// The explanation of the bands.
    static let bandNote = "Lines: mean over n runs. Bands: 95% confidence interval of the mean (Student’s t)."

    private static let size = 13.0
    private static let sample = 30.0
    private static let rowHeight = 21.0
    private static let gap = 24.0

    private let plot: CurvePlot
    private let styles: [LineStyle]
    private let entries: [Entry]
    private let noteBaseline: Double?
    /// The lower edge of the image.
    let bottom: Double

    init(_ plot: CurvePlot, styles: [LineStyle]) {
        self.plot = plot
        self.styles = styles
        let frame = CurveDrawing.frame
        let room = frame.width - Self.sample - 8
        let texts = plot.series.map { series in
            let suffix = series.curves.count > 1 ? " (n = \(series.curves.count))" : ""
            let left = room - SVGText.width(suffix, size: Self.size)
            return SVGText.fitted(series.label, width: left, size: Self.size) + suffix
        }
        let widest = texts.map { SVGText.width($0, size: Self.size) }.reduce(0, max) + Self.sample + 8
        let columns = max(1, Int((frame.width + Self.gap) / (widest + Self.gap)))
        let first = frame.bottom + 64
        entries = texts.enumerated().map { index, text in
            Entry(
                index: index, text: text, x: frame.left + Double(index % columns) * (widest + Self.gap),
                y: first + Double(index / columns) * Self.rowHeight)
        }
        let y = first + Double((texts.count - 1) / columns) * Self.rowHeight
        if plot.lines.contains(where: { $0.halfWidth != nil }) {
            noteBaseline = y + Self.rowHeight
            bottom = y + Self.rowHeight + 14
        } else {
            noteBaseline = nil
            bottom = y + 16
        }
    }

    /// The legend's SVG elements.
    var elements: [String] {
        var parts = entries.flatMap(elements)
        if let noteBaseline {
            parts.append(
                CurveDrawing.text(
                    Self.bandNote, x: CurveDrawing.frame.left, y: noteBaseline, size: 11.5, anchor: "start",
                    width: CurveDrawing.frame.width))
        }
        return parts
    }

    private func elements(_ entry: Entry) -> [String] {
        let series = plot.series[entry.index]
        let line = plot.lines[entry.index]
        let style = styles[entry.index]
        let number = SVGText.number
        let middle = entry.y - 4.5
        let end = entry.x + Self.sample
        var parts: [String] = []
        if line.halfWidth != nil {
            parts.append(
                "<rect x=\"\(number(entry.x))\" y=\"\(number(middle - 6))\" width=\"\(number(Self.sample))\" "
                    + "height=\"12\" fill=\"\(style.colour)\" fill-opacity=\"0.18\"/>")
        }
        if line.x.count > 1 {
            parts.append(
                "<polyline points=\"\(number(entry.x)),\(number(middle)) \(number(end)),\(number(middle))\" "
                    + CurveDrawing.stroke(series, style) + "/>")
        }
        if line.x.count == 1 || series.hasMarkers {
            parts.append(CurveDrawing.marker(entry.x + Self.sample / 2, middle, style))
        }
        parts.append(
            CurveDrawing.text(
                entry.text, x: end + 8, y: entry.y, size: Self.size, anchor: "start", width: .infinity))
        return parts
    }
}
