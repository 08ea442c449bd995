internal import Foundation

/// Learning curves as lines of characters: each character is a grid of two by four dots of Braille.
package struct TerminalCurve {
    private let columns: Int
    private let rows: Int
    private var dots: [UInt8]
    /// The places of single points.
    private var marks: Set<Int> = []

    /// The bit of each dot, row by row.
    private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    /// Columns of the labels of the vertical axis, and a space.
    private static let labelWidth = 8

    /// Returns the lines of a plot: the curves in a frame with the ends of both axes.
    ///
    /// - Parameters:
    ///   - curves: lines of points with increasing x. Values that are not finite are left out.
    ///   - marked: points that are drawn as marks, over the lines.
    ///   - columns: the width of the lines.
    ///   - rows: the number of lines, with the axis below.
    /// - Returns: no lines if there is no room or no value.
    package static func lines(
        _ curves: [[(x: Double, y: Double)]], marked: [(x: Double, y: Double)] = [], columns: Int, rows: Int
    ) -> [String] {
        func drawable(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
            points.filter { $0.x.isFinite && $0.y.magnitude <= LearningCurve.largestMagnitude }
        }
        let (finite, marked) = (curves.map(drawable), drawable(marked))
        let points = finite.flatMap(\.self) + marked
        let width = columns - labelWidth - 1
        guard width >= 10, rows >= 3, let first = points.first else { return [] }
        let (least, greatest) = points.reduce((first.y, first.y)) { (min($0.0, $1.y), max($0.1, $1.y)) }
        let last = points.map(\.x).reduce(0, max)
        let yRange = AxisRange(covering: least, greatest)
        let xRange = AxisRange(lower: 0, upper: max(last, 1))
        var curve = TerminalCurve(columns: width, rows: rows - 1)
        for points in finite { curve.draw(points, xRange, yRange) }
        for point in marked { curve.mark(point, xRange, yRange) }
        let labels = [0: label(yRange.upper), rows - 2: label(yRange.lower)]
        let body = (0..<rows - 1).map { row in
            padded(labels[row] ?? "") + "│" + curve.text(row)
        }
        let end = label(xRange.upper)
        let rule = String(repeating: "─", count: max(width - 1 - end.count, 0))
        return body + [String(repeating: " ", count: labelWidth) + "└0" + rule + end]
    }

    private init(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        dots = [UInt8](repeating: 0, count: columns * rows)
    }

    /// Draws a line through points.
    private mutating func draw(_ points: [(x: Double, y: Double)], _ xRange: AxisRange, _ yRange: AxisRange) {
        func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) { self.place(point, xRange, yRange) }
        var previous = points.first.map(place)
        for point in points {
            let (start, end) = (previous ?? place(point), place(point))
            let steps = max(Int(max(abs(end.x - start.x), abs(end.y - start.y)).rounded(.up)), 1)
            for step in 0...steps {
                let share = Double(step) / Double(steps)
                set(start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)
            }
            previous = end
        }
    }

    private mutating func mark(_ point: (x: Double, y: Double), _ xRange: AxisRange, _ yRange: AxisRange) {
        let (x, y) = place(point, xRange, yRange)
        let (column, row) = (Int(x.rounded()) / 2, Int(y.rounded()) / 4)
        if (0..<columns).contains(column), (0..<rows).contains(row) { marks.insert(row * columns + column) }
    }

    /// Returns a point in dots.
    private func place(
        _ point: (x: Double, y: Double), _ xRange: AxisRange, _ yRange: AxisRange
    ) -> (x: Double, y: Double) {
        (xRange.fraction(point.x) * Double(2 * columns - 1), (1 - yRange.fraction(point.y)) * Double(4 * rows - 1))
    }

    private mutating func set(_ x: Double, _ y: Double) {
        let (column, row) = (Int(x.rounded()), Int(y.rounded()))
        guard (0..<2 * columns).contains(column), (0..<4 * rows).contains(row) else { return }
        dots[row / 4 * columns + column / 2] |= Self.bits[row % 4][column % 2]
    }

    private func text(_ row: Int) -> String {
        String(
            String.UnicodeScalarView(
                (row * columns..<(row + 1) * columns).map { place in
                    let bits = dots[place]
                    return marks.contains(place) ? "●" : bits == 0 ? " " : UnicodeScalar(0x2800 + UInt32(bits)) ?? " "
                }))
    }

    private static func padded(_ label: String) -> String {
        String(repeating: " ", count: max(labelWidth - 1 - label.count, 0)) + label.prefix(labelWidth - 1) + " "
    }

    /// A number in at most seven characters.
    private static func label(_ value: Double) -> String {
        switch value.magnitude {
        case 0: "0"
        case 1e6..<1e9: fitted(value / 1e6, "M")
        case 1e4..<1e6: fitted(value / 1e3, "k")
        default: fitted(value, "")
        }
    }

    /// Digits that fit: the end of a number must not be cut off.
    private static func fitted(_ value: Double, _ unit: String) -> String {
        let texts = [4, 3, 2, 1].lazy.map { String(format: "%.\($0)g", value) + unit }
        return texts.first { $0.count < labelWidth } ?? texts.last ?? ""
    }
}
