import DQNModel
import DQNReport
import Foundation
import Testing

@Suite struct CurveTests {
    @Test func skipsInvalidNumbersAndSortsRows() throws {
        let curve = try LearningCurve(
            x: [30, 10, .nan, 20, 20, 40, 50, 60], y: [3, 1, 9, 8, 2, .nan, .infinity, 1e200])
        #expect(curve.x == [10, 20, 30])
        #expect(curve.y == [1, 2, 3])
        #expect(try LearningCurve(x: [.nan], y: [1]).isEmpty)
    }

    @Test func refusesColumnsOfDifferentLength() {
        let error = #expect(throws: ReportError.self) { try LearningCurve(x: [1, 2], y: [1]) }
        #expect(error?.code == .lengthMismatch)
    }

    @Test func interpolatesBetweenPoints() throws {
        let curve = try LearningCurve(x: [0, 10, 30], y: [0, 5, 1])
        #expect([0, 4, 10, 20, 30].map { curve.value(at: $0) } == [0, 2, 5, 3, 1])
        #expect(curve.value(at: -0.1) == nil && curve.value(at: 30.1) == nil && curve.value(at: .nan) == nil)
    }

    @Test func quantilesMatchSciPy() throws {
        let recorded = try JSONDecoder().decode([String: Double].self, from: Fixtures.data("report/student-t.json"))
        #expect(recorded.count > 40)
        for (degrees, quantile) in recorded {
            let ours = StudentT.quantile95(degreesOfFreedom: try #require(Int(degrees)))
            #expect(abs(ours - quantile) < 1e-9 * quantile, "\(degrees): \(ours), not \(quantile)")
        }
    }

    struct Band: Decodable {
        struct Run: Decodable {
            let x: [Double]
            let y: [Double]
        }
        let runs: [Run]
        let x: [Double]
        let mean: [Double]
        let low: [Double]
        let high: [Double]
    }

    @Test func bandsMatchSciPy() throws {
        let cases = try JSONDecoder().decode([Band].self, from: Fixtures.data("report/bands.json"))
        #expect(cases.map(\.runs.count) == [2, 3, 5, 10])
        for band in cases {
            let line = try MeanCurve(
                CurveSeries(label: "a", curves: band.runs.map { try LearningCurve(x: $0.x, y: $0.y) }))
            let halfWidth = try #require(line.halfWidth)
            #expect(line.x == band.x && line.count == band.runs.count)
            for index in band.x.indices {
                #expect(abs(line.mean[index] - band.mean[index]) < 1e-9)
                #expect(abs(line.mean[index] - halfWidth[index] - band.low[index]) < 1e-7)
                #expect(abs(line.mean[index] + halfWidth[index] - band.high[index]) < 1e-7)
            }
        }
    }

    @Test func meanEndsWithTheShortestRun() throws {
        let line = try MeanCurve(
            CurveSeries(
                label: "a",
                curves: [
                    LearningCurve(x: [0, 10, 20, 30], y: [0, 1, 2, 3]), LearningCurve(x: [10, 20], y: [5, 5]),
                ]))
        #expect(line.x == [10, 20] && line.mean == [3, 3.5])
    }

    @Test func singleRunIsUnchanged() throws {
        let line = try MeanCurve(CurveSeries(label: "a", curves: [LearningCurve(x: [1, 2], y: [3, 4])]))
        #expect(line.x == [1, 2] && line.mean == [3, 4] && line.halfWidth == nil)
    }

    @Test func averagesLongRunsAtEvenlySpacedPositions() throws {
        let count = MeanCurve.maximumPositions * 3
        let x = (0..<count).map(Double.init)
        let line = try MeanCurve(
            CurveSeries(
                label: "a",
                curves: [LearningCurve(x: x, y: x), LearningCurve(x: x, y: x.map { $0 + 2 })]))
        #expect(line.x.count == MeanCurve.maximumPositions)
        #expect(line.x.first == 0 && line.x.last == Double(count - 1))
        #expect(zip(line.x, line.mean).allSatisfy { abs($0 + 1 - $1) < 1e-9 })
    }

    @Test func errorsNameTheSeries() throws {
        let early = try LearningCurve(x: [0, 10], y: [1, 1])
        let late = try LearningCurve(x: [20, 30], y: [1, 1])
        let none = try LearningCurve(x: [], y: [])
        for (series, code) in [
            ([], ReportError.Code.empty),
            ([CurveSeries(label: "mine", curves: [])], .empty),
            ([CurveSeries(label: "mine", curves: [early, none])], .empty),
            ([CurveSeries(label: "mine", curves: [early, late])], .noCommonRange),
        ] {
            let error = #expect(throws: ReportError.self) {
                try CurvePlot(title: "", xLabel: "x", yLabel: "y", series: series)
            }
            #expect(error?.code == code)
            #expect(series.isEmpty || error?.message.contains("'mine'") == true)
        }
    }

    @Test func thinningKeepsVisiblePoints() throws {
        let points = (0..<10_000).map { (x: Double($0) / 50, y: Double($0 * 7_919 % 10_007)) }
        let thinned = PixelColumns.thinned(points)
        #expect(thinned.count <= 4 * 200)
        let columns = Dictionary(grouping: points) { Int($0.x) }
        let kept = Dictionary(grouping: thinned) { Int($0.x) }
        #expect(columns.count == 200)
        for (column, all) in columns {
            let some = try #require(kept[column])
            #expect(some.map(\.y).max() == all.map(\.y).max() && some.map(\.y).min() == all.map(\.y).min())
            #expect(some.first?.x == all.first?.x && some.last?.x == all.last?.x)
            #expect(some.map(\.x) == some.map(\.x).sorted())
        }
        let few = Array(points.prefix(4))
        #expect(PixelColumns.thinned(few).map(\.y) == few.map(\.y))
        #expect(PixelColumns.thinned([]).isEmpty)
    }
}

/// The recorded files of the tests.
enum Fixtures {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

    static func data(_ path: String) throws -> Data { try Data(contentsOf: directory.appending(path: path)) }
}
