internal import DQNGraphics
internal import DQNModel

/// A plot as a PDF document of one page, with text as text.
struct PDFDocument {
    private let drawing: CurveDrawing

    init(_ drawing: CurveDrawing) { self.drawing = drawing }

    /// Points for each pixel, as of style sheets.
    private static let points = 0.75
    /// The distance of the control points of a quarter of a circle, relative to its radius.
    private static let arc = 0.5523

    /// The document. It has no times, so that equal plots have equal bytes.
    ///
    /// - Throws: ``ReportError`` (`inputOutput`) if there is not enough memory.
    var bytes: [UInt8] {
        get throws(ReportError) {
            let size = "\(Self.number(drawing.width * Self.points)) \(Self.number(drawing.height * Self.points))"
            let opacities = Self.opacities.map { name, value in
                "/\(name) <</CA \(Self.number(value)) /ca \(Self.number(value))>>"
            }
            let stream: [UInt8]
            do throws(RecordingError) { stream = try ZlibStream.compressed(Array(content.utf8)) } catch {
                throw ReportError(code: .inputOutput, message: error.message, underlying: error)
            }
            let objects = [
                Array("<</Type /Catalog /Pages 2 0 R>>".utf8),
                Array("<</Type /Pages /Kids [3 0 R] /Count 1>>".utf8),
                Array(
                    ("<</Type /Page /Parent 2 0 R /MediaBox [0 0 \(size)] /Contents 4 0 R /Resources "
                        + "<</Font <</F1 5 0 R>> /ExtGState <<\(opacities.joined(separator: " "))>>>>>>").utf8),
                Array("<</Length \(stream.count) /Filter /FlateDecode>>\nstream\n".utf8) + stream
                    + Array("\nendstream".utf8),
                Array("<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>".utf8),
                Array("<</Title \(PDFText.information(SVGText.printable(drawing.documentTitle)))>>".utf8),
            ]
            return Self.file(objects)
        }
    }

    /// Returns the objects with their table.
    private static func file(_ objects: [[UInt8]]) -> [UInt8] {
        // Bytes beyond ASCII in the second line mark the file as binary.
        var file = Array("%PDF-1.4\n%".utf8) + [0xE2, 0xE3, 0xCF, 0xD3, 0x0A]
        var table = "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for (index, object) in objects.enumerated() {
            let offset = String(file.count)
            table += String(repeating: "0", count: 10 - offset.count) + offset + " 00000 n \n"
            file += Array("\(index + 1) 0 obj\n".utf8) + object + Array("\nendobj\n".utf8)
        }
        let start = file.count
        file += Array(table.utf8)
        file += Array(
            "trailer\n<</Size \(objects.count + 1) /Root 1 0 R /Info 6 0 R>>\nstartxref\n\(start)\n%%EOF\n".utf8)
        return file
    }

    /// The states that set an opacity.
    private static let opacities: [(name: String, value: Double)] = [
        ("Full", 1), ("Band", PlotElement.bandOpacity), ("Light", 0.6),
    ]

    /// The drawing, in pixels from the top left corner.
    private var content: String {
        let (scale, height) = (Self.number(Self.points), Self.number(drawing.height * Self.points))
        return (["\(scale) 0 0 -\(scale) 0 \(height) cm"] + drawing.elements.flatMap(operators))
            .joined(separator: "\n") + "\n"
    }

    private func operators(_ element: PlotElement) -> [String] {
        switch element {
        case .clipArea: []
        case .rules(let rules, let colour):
            ["\(Self.colour(colour)) RG 1 w"]
                + rules.map { "\(Self.place($0.start)) m \(Self.place($0.end)) l S" }
        case .text(let text): Self.operators(text)
        case .bar(let bar, let colour):
            clipped([
                "\(Self.colour(colour)) RG \(Self.number(PlotElement.barWidth)) w",
                "\(Self.number(bar.x)) \(Self.number(bar.low)) m \(Self.number(bar.x)) \(Self.number(bar.high)) l S",
            ])
        case .band(let intervals, let colour):
            clipped(
                ["/Band gs \(Self.colour(colour)) rg"]
                    + Self.path(
                        intervals.map { PlotPoint(x: $0.x, y: $0.high) }
                            + intervals.reversed().map { PlotPoint(x: $0.x, y: $0.low) }) + ["h f"])
        case .swatch(let box, let colour):
            ["q /Band gs \(Self.colour(colour)) rg \(Self.rectangle(box)) f Q"]
        case .curve(let points, let stroke):
            [
                "q /\(stroke.opacity < 1 ? "Light" : "Full") gs \(Self.colour(stroke.colour)) RG",
                "\(Self.number(stroke.width)) w 1 j [\(stroke.dashes.map(Self.number).joined(separator: " "))] 0 d",
            ] + Self.path(points) + ["S Q"]
        case .marker(let point, let colour): ["\(Self.colour(colour)) rg"] + Self.disc(point)
        }
    }

    private func clipped(_ operators: [String]) -> [String] {
        ["q \(Self.rectangle(drawing.frame)) W n"] + operators + ["Q"]
    }

    private static func operators(_ text: PlotText) -> [String] {
        let bytes = PDFText.encoded(text.text)
        let width = PDFText.width(bytes) * text.size
        let back =
            switch text.anchor {
            case .start: 0.0
            case .middle: width / 2
            case .end: width
            }
        // The axis of the page points down, so letters are turned over.
        let (turn, x, y) =
            text.isUpright
            ? ("0 -1 -1 0", text.position.x, text.position.y + back)
            : ("1 0 0 -1", text.position.x - back, text.position.y)
        return [
            "BT \(colour(CurveDrawing.ink)) rg /F1 \(number(text.size)) Tf",
            "\(turn) \(number(x)) \(number(y)) Tm \(PDFText.literal(bytes)) Tj ET",
        ]
    }

    private static func path(_ points: [PlotPoint]) -> [String] {
        points.enumerated().map { "\(place($1)) \($0 == 0 ? "m" : "l")" }
    }

    private static func disc(_ centre: PlotPoint) -> [String] {
        let (x, y, radius) = (centre.x, centre.y, PlotElement.markerRadius)
        let control = radius * arc
        func curve(_ numbers: Double...) -> String { numbers.map(number).joined(separator: " ") + " c" }
        return [
            "\(number(x + radius)) \(number(y)) m",
            curve(x + radius, y + control, x + control, y + radius, x, y + radius),
            curve(x - control, y + radius, x - radius, y + control, x - radius, y),
            curve(x - radius, y - control, x - control, y - radius, x, y - radius),
            curve(x + control, y - radius, x + radius, y - control, x + radius, y),
            "f",
        ]
    }

    private static func rectangle(_ box: CurveDrawing.Box) -> String {
        "\(number(box.left)) \(number(box.top)) \(number(box.width)) \(number(box.height)) re"
    }

    private static func place(_ point: PlotPoint) -> String { "\(number(point.x)) \(number(point.y))" }

    /// Returns the components of a colour, from 0 to 1.
    private static func colour(_ code: String) -> String {
        PlotRaster.components(code).map { number(Double($0) / 255) }.joined(separator: " ")
    }

    private static func number(_ value: Double) -> String { SVGText.number(value) }
}
