/// A plot as an SVG document.
struct SVGDocument {
    private let drawing: CurveDrawing

    init(_ drawing: CurveDrawing) { self.drawing = drawing }

    private static let clip = "clip-path=\"url(#frame)\""

    /// The document.
    var text: String {
        let width = SVGText.number(drawing.width)
        let height = SVGText.number(drawing.height)
        let size = "width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\""
        var parts = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) role=\"img\" "
                + "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\" "
                + "fill=\"\(CurveDrawing.ink)\">",
            "<title>\(SVGText.escaped(drawing.documentTitle))</title>",
            "<rect width=\"\(width)\" height=\"\(height)\" fill=\"#FFFFFF\"/>",
        ]
        parts += drawing.elements.flatMap(Self.elements)
        parts += ["</svg>"]
        return parts.joined(separator: "\n") + "\n"
    }

    private static func elements(_ element: PlotElement) -> [String] {
        switch element {
        case .clipArea(let box): return ["<clipPath id=\"frame\"><rect \(place(box))/></clipPath>"]
        case .rules(let rules, let colour):
            return ["<g stroke=\"\(colour)\" stroke-width=\"1\">"] + rules.map { "<line \(ends($0.start, $0.end))/>" }
                + ["</g>"]
        case .text(let text): return [line(text)]
        case .bar(let bar, let colour):
            let ends = ends(PlotPoint(x: bar.x, y: bar.low), PlotPoint(x: bar.x, y: bar.high))
            return [
                "<line \(ends) stroke=\"\(colour)\" stroke-width=\"\(SVGText.number(PlotElement.barWidth))\" \(clip)/>"
            ]
        case .band(let intervals, let colour):
            let outline =
                intervals.map { PlotPoint(x: $0.x, y: $0.high) }
                + intervals.reversed().map { PlotPoint(x: $0.x, y: $0.low) }
            return ["<polygon points=\"\(list(outline))\" \(bandFill(colour)) \(clip)/>"]
        case .swatch(let box, let colour): return ["<rect \(place(box)) \(bandFill(colour))/>"]
        case .curve(let points, let stroke): return ["<polyline points=\"\(list(points))\" \(attributes(stroke))/>"]
        case .marker(let point, let colour):
            return [
                "<circle cx=\"\(SVGText.number(point.x))\" cy=\"\(SVGText.number(point.y))\" "
                    + "r=\"\(SVGText.number(PlotElement.markerRadius))\" fill=\"\(colour)\"/>"
            ]
        }
    }

    private static func line(_ text: PlotText) -> String {
        let (x, y) = (SVGText.number(text.position.x), SVGText.number(text.position.y))
        let turn = text.isUpright ? " transform=\"rotate(-90 \(x) \(y))\"" : ""
        return "<text x=\"\(x)\" y=\"\(y)\" font-size=\"\(SVGText.number(text.size))\" "
            + "text-anchor=\"\(text.anchor.rawValue)\"\(turn)>\(SVGText.escaped(text.text))</text>"
    }

    private static func attributes(_ stroke: PlotStroke) -> String {
        let dashes =
            stroke.dashes.isEmpty
            ? "" : " stroke-dasharray=\"\(stroke.dashes.map(SVGText.number).joined(separator: " "))\""
        return "fill=\"none\" stroke=\"\(stroke.colour)\" stroke-width=\"\(SVGText.number(stroke.width))\""
            + (stroke.opacity < 1 ? " stroke-opacity=\"\(SVGText.number(stroke.opacity))\"" : "")
            + " stroke-linejoin=\"round\"\(dashes)"
    }

    private static func bandFill(_ colour: String) -> String {
        "fill=\"\(colour)\" fill-opacity=\"\(SVGText.number(PlotElement.bandOpacity))\""
    }

    private static func place(_ box: CurveDrawing.Box) -> String {
        let number = SVGText.number
        return "x=\"\(number(box.left))\" y=\"\(number(box.top))\" width=\"\(number(box.width))\" "
            + "height=\"\(number(box.height))\""
    }

    private static func ends(_ start: PlotPoint, _ end: PlotPoint) -> String {
        let number = SVGText.number
        return "x1=\"\(number(start.x))\" y1=\"\(number(start.y))\" x2=\"\(number(end.x))\" y2=\"\(number(end.y))\""
    }

    private static func list(_ points: [PlotPoint]) -> String {
        points.map { "\(SVGText.number($0.x)),\(SVGText.number($0.y))" }.joined(separator: " ")
    }
}
