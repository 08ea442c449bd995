import CDeflate
import DQNModel
import DQNReport
import Foundation
import Testing

/// Plots as PNG and PDF.
@Suite struct PlotFileTests {
    private func plot(_ title: String = "CartPole-v1", count: Int = 2) throws -> CurvePlot {
        try CurvePlot(
            title: title, xLabel: "Agent steps", yLabel: "Mean return",
            series: (0..<count).map { index in
                CurveSeries(
                    label: "series \(index)",
                    curves: try (0..<2).map { seed in
                        try LearningCurve(x: [0, 5_000, 10_000], y: [0, 200, 400 + Double(50 * (seed + index))])
                    })
            })
    }

    private func inflated(_ packed: ArraySlice<UInt8>, room: Int) throws -> [UInt8] {
        let decompressor = try #require(libdeflate_alloc_decompressor())
        defer { libdeflate_free_decompressor(decompressor) }
        var (bytes, count) = ([UInt8](repeating: 0, count: room), 0)
        let packed = Array(packed)
        let result = libdeflate_zlib_decompress(decompressor, packed, packed.count, &bytes, room, &count)
        #expect(result == LIBDEFLATE_SUCCESS)
        return Array(bytes.prefix(count))
    }

    /// Width, height and pixels of a PNG file with one chunk of data.
    private func decoded(_ data: Data) throws -> (width: Int, height: Int, pixel: (Int, Int) -> [UInt8]) {
        let file = [UInt8](data)
        func number(_ position: Int) -> Int { file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) } }
        try #require(file.prefix(4) == [0x89, 0x50, 0x4E, 0x47])
        let (width, height) = (number(16), number(20))
        let rows = try inflated(file[41..<41 + number(33)], room: height * (3 * width + 1))
        try #require(rows.count == height * (3 * width + 1))
        return (width, height, { x, y in Array(rows[(y * (3 * width + 1) + 1 + 3 * x)...].prefix(3)) })
    }

    @Test func aPictureShowsTheCurves() throws {
        let plot = try plot()
        let drawing = CurveDrawing(plot)
        let picture = try decoded(plot.contents(.png))
        #expect(picture.width == 1_440 && picture.height == Int((2 * drawing.height).rounded()))
        #expect(picture.pixel(0, 0) == [255, 255, 255])
        // The mean of the first series at its middle, in its colour, and the second one's on top of nothing.
        let (x, y) = (Int(2 * drawing.x(5_000)), Int(2 * drawing.y(200)))
        #expect(picture.pixel(x, y) == [0xD5, 0x5E, 0x00], "the second series covers the first one")
        let end = (Int(2 * drawing.x(10_000)) - 1, Int(2 * drawing.y(425)))
        #expect(picture.pixel(end.0, end.1) == [0x00, 0x72, 0xB2])
        // A band is pale; outside the frame nothing is drawn.
        let band = picture.pixel(Int(2 * drawing.x(9_000)), Int(2 * drawing.y(100)))
        #expect(band == [255, 255, 255] || band.min()! > 150)
        // The axis of the frame is dark.
        #expect(picture.pixel(Int(2 * drawing.frame.left), Int(2 * drawing.frame.bottom) - 60)[0] < 60)
        // There is a title.
        let dark = (0..<1_440).flatMap { x in (20..<56).map { (x, $0) } }.count { picture.pixel($0, $1)[0] < 100 }
        #expect(dark > 200, "\(dark)")
    }

    @Test func sizesAreExact() throws {
        let size = try #require(PlotSize("900x500"))
        let picture = try decoded(plot().contents(.png, size: size))
        #expect(picture.width == 900 && picture.height == 500)
        let svg = try ParsedSVG(String(decoding: plot().contents(.svg, size: size), as: UTF8.self))
        let root = try #require(svg.all("svg").first)
        #expect(root.attributes["width"] == "900" && root.attributes["height"] == "500")
        let pdf = String(decoding: try plot().contents(.pdf, size: size), as: Unicode.ASCII.self)
        #expect(pdf.contains("/MediaBox [0 0 675 375]"))
        let tight = try #require(PlotSize("240x160"))
        let error = #expect(throws: ReportError.self) { try plot(count: 12).contents(.png, size: tight) }
        #expect(error?.code == .pictureTooSmall && error?.message.contains("use at least 240x") == true)
        for text in ["900", "900x", "x5", "axb", "10x10", "900x99999", "900x500x2", "-900x500", ""] {
            #expect(PlotSize(text) == nil, "\(text)")
        }
    }

    @Test func aDocumentIsWellFormed() throws {
        let title = "a (b) \\ “c” − é 中"
        let file = [UInt8](try plot(title).contents(.pdf))
        let text = String(decoding: file, as: Unicode.ASCII.self)
        try #require(text.hasPrefix("%PDF-1.4") && text.hasSuffix("%%EOF\n"))
        // The table names the place of each object. ASCII decoding keeps one character for each byte.
        let match = text.firstMatch(of: #/startxref\n(\d+)\n/#)
        let start = try #require(match.flatMap { Int($0.output.1) })
        #expect(String(decoding: file[start..<start + 4], as: UTF8.self) == "xref")
        let places = String(decoding: file[start...], as: Unicode.ASCII.self).matches(of: #/(\d{10}) 00000 n /#)
            .compactMap { Int($0.output.1) }
        #expect(places.count == 6)
        for (index, place) in places.enumerated() {
            let beginning = String(decoding: file[place..<place + 8], as: UTF8.self)
            #expect(beginning.hasPrefix("\(index + 1) 0 obj"), "\(beginning)")
        }
        // Not in the encoding of the page's text, whose codes mean other characters here.
        let information = PDFText.information(PDFText.drawable(title))
        #expect(information.hasPrefix("<FEFF0061") && text.contains("/Title \(information)>>"))
        let body = file[places[3]...]
        let head = String(decoding: body.prefix(60), as: Unicode.ASCII.self)
        let length = try #require(head.firstMatch(of: #/Length (\d+)/#).flatMap { Int($0.output.1) })
        let content = body.firstRange(of: Array("stream\n".utf8)).map { body[$0.upperBound..<$0.upperBound + length] }
        let stream = try #require(content)
        let operators = String(decoding: try inflated(stream, room: 1 << 20), as: UTF8.self)
        #expect(operators.contains("(Agent steps) Tj") && operators.contains("(series 1 \\(n = 2\\)) Tj"))
        let lines = operators.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("q") } == lines.count { $0.hasSuffix("Q") }, "states are restored")
        #expect(lines.count { $0.hasPrefix("BT") } == lines.count { $0.hasSuffix("ET") })
    }

    @Test(arguments: PlotFormat.allCases)
    func equalPlotsHaveEqualBytes(format: PlotFormat) throws {
        #expect(try plot().contents(format) == plot().contents(format))
        #expect(try plot().contents(format) != plot("other").contents(format))
    }

    @Test func theSuffixDecides() throws {
        for (name, format) in [("a.svg", PlotFormat.svg), ("b.PNG", .png), ("c.d.pdf", .pdf)] {
            #expect(try PlotFormat(URL(fileURLWithPath: "/x/\(name)")) == format)
        }
        for name in ["a", "a.jpg", "svg", "a.svg.gz", ".png"] {
            let error = #expect(throws: ReportError.self) { try PlotFormat(URL(fileURLWithPath: "/x/\(name)")) }
            #expect(error?.code == .unknownFormat && error?.message.contains("'\(name)'") == true)
        }
    }

    /// Against the formula written out.
    @Test func smoothingHasNoBias() throws {
        let curve = try LearningCurve(x: [1, 2, 3], y: [10, 20, 60]).smoothed(weight: 0.5)
        #expect(curve.x == [1, 2, 3])
        let expected = [10, (0.5 * 10 + 20) / 1.5, (0.25 * 10 + 0.5 * 20 + 60) / 1.75]
        #expect(zip(curve.y, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "\(curve.y)")
        let same = try LearningCurve(x: [1, 2], y: [3, 5])
        #expect(same.smoothed(weight: 0) == same)
    }

    @Test func aTerminalShowsTheCurve() throws {
        let rising = (0...20).map { (x: Double($0) * 1_000, y: Double($0)) }
        let lines = TerminalCurve.lines([rising, [(x: 5, y: .nan)]], columns: 40, rows: 8)
        #expect(lines.count == 8 && lines.allSatisfy { $0.count <= 40 }, "\(lines)")
        #expect(lines.last?.hasSuffix("20k") == true && lines.last?.contains("└0") == true)
        // The line begins at the lower left and ends at the upper right.
        let dots = { (line: String) in line.unicodeScalars.map { (0x2801...0x28FF).contains($0.value) } }
        let (top, bottom) = (dots(lines[0]), dots(lines[6]))
        #expect(top.lastIndex(of: true)! > 36 && top.firstIndex(of: true)! > 30)
        #expect(bottom.firstIndex(of: true)! < 12 && bottom.lastIndex(of: true)! < 20)
        #expect(TerminalCurve.lines([rising], columns: 15, rows: 8).isEmpty)
        #expect(TerminalCurve.lines([[]], columns: 80, rows: 8).isEmpty)
    }

    /// What is cut off at the end of a label would be its exponent.
    @Test(arguments: [-1.2e10, -5e-5, -9.99e-4, 1.2e10, -0.001234, -123_456.7, 987_654_321])
    func labelsOfTheTerminalAreWhole(bound: Double) throws {
        let lines = TerminalCurve.lines([[(x: 0, y: 0), (x: 1, y: bound)]], columns: 40, rows: 6)
        let label = try #require(lines[bound < 0 ? 4 : 0].split(separator: "│").first).trimmingCharacters(
            in: .whitespaces)
        let factor = label.hasSuffix("M") ? 1e6 : label.hasSuffix("k") ? 1e3 : 1
        let value = try #require(Double(label.filter { !"Mk".contains($0) }), "\(label)") * factor
        #expect((0.8...1.4).contains(value / bound), "\(label) for \(bound)")
    }

    @Test func marksLieOverTheLine() {
        let points = (0...10).map { (x: Double($0), y: Double($0)) }
        let lines = TerminalCurve.lines([points], marked: [points[0], points[10]], columns: 40, rows: 8)
        #expect(lines.map { $0.count { $0 == "●" } }.reduce(0, +) == 2, "\(lines)")
    }

    /// Texts are laid out as they are drawn: names in other scripts do not run over each other.
    @Test(arguments: [PlotFormat.png, .pdf]) func textsAreDrawnAsTheyAreMeasured(format: PlotFormat) throws {
        let curve = try LearningCurve(x: [0, 1], y: [0, 1])
        let names = ["größe ε = 0,1 — Ñandú", "中文模型一"]
        let plot = try CurvePlot(
            title: "é", xLabel: "x", yLabel: "y", series: names.map { CurveSeries(label: $0, curves: [curve]) })
        let drawn = names.map { format == .png ? PlotLetters.drawable($0) : PDFText.drawable($0) }
        let written = try CurvePlot(
            title: format == .png ? "e" : "é", xLabel: "x", yLabel: "y",
            series: drawn.map { CurveSeries(label: $0, curves: [curve]) })
        #expect(try plot.contents(format) == written.contents(format))
        #expect(
            drawn[0] == (format == .png ? "grosse epsilon = 0,1 - Nandu" : "größe epsilon = 0,1 — Ñandú"), "\(drawn)")
        #expect(drawn[1].hasPrefix("\\u{4E2D}") && drawn[1].allSatisfy(\.isASCII))
    }

    @Test func theTitleOfADocumentIsUnicode() {
        #expect(PDFText.information("Ours") == "(Ours)")
        #expect(PDFText.information("a–b") == "<FEFF006120130062>")
    }
}
