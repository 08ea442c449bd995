/// The legend below the frame: as many columns as fit, then lines that explain the bands and the smoothing.
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
    private let frame: CurveDrawing.Box
    private let entries: [Entry]
    private let notes: [(text: String, baseline: Double)]
    /// The lower edge of the image.
    let bottom: Double

    init(_ plot: CurvePlot, styles: [LineStyle], below frame: CurveDrawing.Box) {
        self.plot = plot
        self.styles = styles
        self.frame = frame
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
        let hasBand = plot.lines.contains { $0.halfWidth != nil }
        let lines = [hasBand ? Self.bandNote : nil, plot.note].compactMap(\.self)
        notes = lines.enumerated().map { ($1, y + Double($0 + 1) * Self.rowHeight) }
        bottom = notes.last.map { $0.baseline + 14 } ?? y + 16
    }

    /// The legend's shapes.
    var elements: [PlotElement] {
        entries.flatMap(elements)
            + notes.map {
                CurveDrawing.text(
                    $0.text, x: frame.left, y: $0.baseline, size: 11.5, anchor: .start, width: frame.width)
            }
    }

    private func elements(_ entry: Entry) -> [PlotElement] {
        let series = plot.series[entry.index]
        let line = plot.lines[entry.index]
        let style = styles[entry.index]
        let middle = entry.y - 4.5
        let end = entry.x + Self.sample
        var parts: [PlotElement] = []
        if line.halfWidth != nil {
            parts.append(
                .swatch(
                    CurveDrawing.Box(left: entry.x, top: middle - 6, width: Self.sample, height: 12),
                    colour: style.colour))
        }
        if line.x.count > 1 {
            parts.append(
                .curve(
                    [PlotPoint(x: entry.x, y: middle), PlotPoint(x: end, y: middle)],
                    CurveDrawing.stroke(series, style)))
        }
        if line.x.count == 1 || series.hasMarkers {
            parts.append(.marker(PlotPoint(x: entry.x + Self.sample / 2, y: middle), colour: style.colour))
        }
        parts.append(
            CurveDrawing.text(entry.text, x: end + 8, y: entry.y, size: Self.size, anchor: .start, width: .infinity))
        return parts
    }
}
