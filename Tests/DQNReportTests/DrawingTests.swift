import DQNReport
import Foundation
import Testing

@Suite struct DrawingTests {
    private func plot(_ series: [CurveSeries], title: String = "CartPole-v1") throws -> CurvePlot {
        try CurvePlot(title: title, xLabel: "Agent steps", yLabel: "Mean return", series: series)
    }

    private func seeds(_ count: Int, label: String = "dqn") throws -> CurveSeries {
        CurveSeries(
            label: label,
            curves: try (0..<count).map { seed in
                let x = (1...20).map { Double($0 * 1_000) }
                return try LearningCurve(x: x, y: x.map { $0 / 50 + Double(seed * seed) * 10 })
            })
    }

    @Test func drawsOneRunAsALine() throws {
        let one = try plot([seeds(1)])
        let drawing = CurveDrawing(one)
        let document = try ParsedSVG(one.svg)
        #expect(document.all("polygon").isEmpty)
        let lines = document.all("polyline")
        #expect(lines.count == 2, "the curve and its sample in the legend")
        let points = try lines[0].points()
        #expect(points.count == 20)
        for (index, point) in points.enumerated() {
            #expect(abs(point.x - drawing.x(Double(index + 1) * 1_000)) <= 0.005)
            #expect(abs(point.y - drawing.y(Double(index + 1) * 20)) <= 0.005)
        }
        #expect(document.texts.contains("dqn"))
        #expect(!document.texts.contains { $0.contains("confidence") })
    }

    @Test func drawsSeveralRunsAsAMeanWithABand() throws {
        let several = try plot([seeds(4)])
        let drawing = CurveDrawing(several)
        let line = try MeanCurve(several.series[0])
        let halfWidth = try #require(line.halfWidth)
        let document = try ParsedSVG(several.svg)
        let band = try #require(document.all("polygon").first).points()
        let mean = try #require(document.all("polyline").first).points()
        #expect(band.count == 40 && mean.count == 20)
        for index in 0..<20 {
            #expect(abs(mean[index].y - drawing.y(line.mean[index])) <= 0.005)
            #expect(abs(band[index].y - drawing.y(line.mean[index] + halfWidth[index])) <= 0.005)
            #expect(abs(band[39 - index].y - drawing.y(line.mean[index] - halfWidth[index])) <= 0.005)
            #expect(band[index].x == mean[index].x && band[39 - index].x == mean[index].x)
        }
        #expect(document.texts.contains("dqn (n = 4)"))
        #expect(document.texts.contains { $0.contains("95% confidence interval of the mean (Student’s t)") })
    }

    @Test func bandsLieBehindLines() throws {
        let document = try ParsedSVG(plot([seeds(3), seeds(5, label: "other")]).svg)
        let shapes = document.elements.map(\.name).filter { $0 == "polygon" || $0 == "polyline" }
        #expect(shapes.prefix(4) == ["polygon", "polygon", "polyline", "polyline"])
    }

    @Test func frameShowsAllRunsDespiteWideBands() throws {
        // For two distant runs t is 12.7 and the interval is many times as wide as the values.
        let curves = [
            try LearningCurve(x: [0, 1], y: [100, 100]), try LearningCurve(x: [0, 1], y: [500, 500]),
        ]
        let drawing = CurveDrawing(try plot([CurveSeries(label: "two", curves: curves)]))
        let frame = CurveDrawing.frame
        for value in [100.0, 300, 500] { #expect(drawing.y(value) > frame.top && drawing.y(value) < frame.bottom) }
        #expect(drawing.yRange == AxisRange(covering: -100, 700))
        #expect(drawing.y(1e90).isFinite && drawing.y(1e90) < frame.top)
    }

    @Test func singlePointIsAMarker() throws {
        let curve = try LearningCurve(x: [2_000, 4_000], y: [17, .nan])
        let drawn = try plot([CurveSeries(label: "one", curves: [curve])])
        var document = try ParsedSVG(drawn.svg)
        #expect(document.all("polyline").isEmpty)
        #expect(document.all("circle").count == 2, "the point and its sample in the legend")
        #expect(abs(try document.all("circle")[0].number("cx") - CurveDrawing(drawn).x(2_000)) <= 0.005)

        let other = try LearningCurve(x: [2_000], y: [19])
        document = try ParsedSVG(plot([CurveSeries(label: "two", curves: [curve, other])]).svg)
        #expect(document.all("circle").count == 2)
        let bars = document.all("line").filter { $0.attributes["clip-path"] != nil }
        #expect(bars.count == 1, "the interval is an error bar")
    }

    @Test func escapesText() throws {
        let title = "a < b & \"c\" > 'd'\u{1}\n]]>"
        let document = try ParsedSVG(plot([seeds(1, label: "<&>")], title: title).svg)
        #expect(document.texts.contains("a < b & \"c\" > 'd'\\u{1} ]]>"))
        #expect(document.all("title").map(\.text) == ["a < b & \"c\" > 'd'\\u{1} ]]>"])
        #expect(document.texts.contains("<&>"))
    }

    /// A configuration names the curves.
    @Test func nothingHiddenIsDrawn() throws {
        let hostile = "x\u{202E}y\u{9B}2J\u{200B}\u{FFFE}&\u{301}<\u{301}"
        let document = try ParsedSVG(plot([seeds(1, label: hostile)], title: hostile).svg)
        let shown = "x\\u{202E}y\\u{9B}2J\\u{200B}\\u{FFFE}&\u{301}<\u{301}"
        #expect(document.texts.filter { $0 == shown }.count == 2, "\(document.texts)")
        let svg = try plot([seeds(1, label: String(repeating: "long\u{202E}", count: 1_000_000))], title: hostile).svg
        #expect(svg.utf8.count < 100_000 && !svg.unicodeScalars.contains("\u{202E}"))
    }

    @Test(arguments: [1, 2, 7, 8, 30])
    func legendStaysBelowTheFrameAndInsideTheImage(count: Int) throws {
        let series = try (0..<count).map { index in
            try seeds(2, label: "CartPole-v1 async-nstep-q, learning_rate=0.00\(index)")
        }
        let document = try ParsedSVG(plot(series).svg)
        let picture = try #require(document.elements.first)
        #expect(picture.name == "svg" && picture.attributes["width"] == "720")
        let box = try #require(picture.attributes["viewBox"]).split(separator: " ").compactMap { Double($0) }
        #expect(box == [0, 0, 720, try picture.number("height")])
        let entries = document.all("text").filter { $0.text.contains("learning_rate") }
        #expect(entries.count == count)
        var places: Set<String> = []
        for entry in entries {
            let (x, y, size) = (try entry.number("x"), try entry.number("y"), try entry.number("font-size"))
            #expect(y - size > CurveDrawing.frame.bottom + 38, "below the axis label")
            #expect(y < box[3] && x >= 0 && x + SVGText.width(entry.text, size: size) <= 720)
            #expect(places.insert("\(x) \(y)").inserted, "positions are unique")
        }
        let strokes = document.all("polyline").map {
            "\($0.attributes["stroke"] ?? "") \($0.attributes["stroke-dasharray"] ?? "")"
        }
        #expect(Set(strokes).count == min(count, 28), "colour and dashes distinguish the lines")
    }

    @Test func truncatesLongText() throws {
        let long = String(repeating: "long words ", count: 40)
        let document = try ParsedSVG(plot([seeds(3, label: long)], title: long).svg)
        for text in document.texts.filter({ $0.contains("long") }) {
            #expect(text.contains("…"))
            #expect(SVGText.width(text, size: 13) <= 720)
        }
        #expect(document.texts.contains { $0.hasSuffix("… (n = 3)") }, "the number of runs is never truncated")
    }

    @Test func equalValuesProduceEqualBytes() throws {
        let first = try plot([seeds(5), seeds(1, label: "other")]).svg
        for _ in 0..<5 { #expect(try plot([seeds(5), seeds(1, label: "other")]).svg == first) }
        #expect(try plot([seeds(4), seeds(1, label: "other")]).svg != first)
    }

    @Test func coordinatesAreShort() {
        let numbers: [(Double, String)] = [
            (0, "0"), (-0.001, "0"), (1, "1"), (1.5, "1.5"), (0.05, "0.05"), (-12.345, "-12.35"), (700, "700"),
            (0.125, "0.13"),
        ]
        for (value, text) in numbers { #expect(SVGText.number(value) == text) }
    }

    @Test func drawsExtremeValues() throws {
        let huge = try LearningCurve(x: [0, 1e90], y: [-1e100, 1e100])
        let tiny = try LearningCurve(x: [0, 1e-90], y: [1, 1.0000000001])
        for curve in [huge, tiny] {
            let document = try ParsedSVG(plot([CurveSeries(label: "a", curves: [curve, curve])]).svg)
            for point in try document.all("polyline")[0].points() {
                #expect(point.x >= CurveDrawing.frame.left && point.x <= CurveDrawing.frame.right)
                #expect(point.y >= CurveDrawing.frame.top && point.y <= CurveDrawing.frame.bottom)
            }
        }
    }
}
