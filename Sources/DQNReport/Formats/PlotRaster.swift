internal import DQNGraphics
internal import DQNModel
internal import Foundation

/// Draws a plot as pixels with smooth edges.
///
/// A shape is first drawn into a mask, the share of each pixel that it covers, so that lines do not show where their parts
/// overlap. O(pixels + points).
struct PlotRaster {
    private let width: Int
    private let height: Int
    /// Pixels for each pixel of the plot.
    private let scale: Double
    private var bytes: [UInt8]
    private var mask: [Float]
    /// The part of the mask that is not zero.
    private var dirty: (columns: Range<Int>, rows: Range<Int>)?

    /// Returns a plot as a PNG file.
    ///
    /// - Throws: ``ReportError`` (`inputOutput`) if there is not enough memory.
    static func png(_ drawing: CurveDrawing, scale: Double) throws(ReportError) -> [UInt8] {
        var raster = PlotRaster(
            width: Int((drawing.width * scale).rounded()), height: Int((drawing.height * scale).rounded()), scale: scale
        )
        for element in drawing.elements { raster.draw(element, clippedTo: drawing.frame) }
        let picture = Picture(width: raster.width, height: raster.height, bytes: raster.bytes)
        do throws(RecordingError) { return try PNGEncoder.encode(picture) } catch {
            throw ReportError(code: .inputOutput, message: error.message, underlying: error)
        }
    }

    private init(width: Int, height: Int, scale: Double) {
        (self.width, self.height, self.scale) = (width, height, scale)
        bytes = [UInt8](repeating: 255, count: 3 * width * height)
        mask = [Float](repeating: 0, count: width * height)
    }

    /// Returns red, green and blue of `#RRGGBB`.
    static func components(_ colour: String) -> [UInt8] {
        let code = UInt32(colour.dropFirst(), radix: 16) ?? 0
        return [16, 8, 0].map { UInt8(truncatingIfNeeded: code >> $0) }
    }

    private mutating func draw(_ element: PlotElement, clippedTo frame: CurveDrawing.Box) {
        switch element {
        case .clipArea: break
        case .rules(let rules, let colour):
            for rule in rules { cover(rule) }
            paint(colour)
        case .text(let text):
            let letters = PlotLetters(text)
            for line in letters.lines { cover(line, thickness: letters.thickness) }
            paint(CurveDrawing.ink)
        case .bar(let bar, let colour):
            let half = PlotElement.barWidth / 2
            cover(
                left: bar.x - half, right: bar.x + half, top: max(bar.high, frame.top),
                bottom: min(bar.low, frame.bottom))
            paint(colour)
        case .band(let intervals, let colour):
            cover(intervals, within: frame)
            paint(colour, opacity: PlotElement.bandOpacity)
        case .swatch(let box, let colour):
            cover(left: box.left, right: box.right, top: box.top, bottom: box.bottom)
            paint(colour, opacity: PlotElement.bandOpacity)
        case .curve(let points, let stroke):
            for part in Dashes.parts(of: points, stroke.dashes) { cover(part, thickness: stroke.width) }
            paint(stroke.colour, opacity: stroke.opacity)
        case .marker(let point, let colour):
            cover([point], thickness: 2 * PlotElement.markerRadius)
            paint(colour)
        }
    }

    /// Mixes a colour into the pixels that the mask covers, and clears the mask.
    private mutating func paint(_ colour: String, opacity: Double = 1) {
        guard let dirty else { return }
        let new = Self.components(colour).map { Float($0) }
        for row in dirty.rows {
            for column in dirty.columns {
                let index = row * width + column
                let share = min(mask[index], 1) * Float(opacity)
                if share == 0 { continue }
                mask[index] = 0
                for channel in 0..<3 {
                    let old = Float(bytes[3 * index + channel])
                    bytes[3 * index + channel] = UInt8((old + (new[channel] - old) * share).rounded())
                }
            }
        }
        self.dirty = nil
    }

    /// Covers a straight line along whole pixels, so that it is sharp.
    private mutating func cover(_ rule: PlotRule) {
        func edge(_ middle: Double) -> Double { (middle * scale - scale / 2).rounded() / scale }
        if rule.start.x == rule.end.x {
            let left = edge(rule.start.x)
            cover(left: left, right: left + 1, top: rule.start.y, bottom: rule.end.y)
        } else {
            let top = edge(rule.start.y)
            cover(left: rule.start.x, right: rule.end.x, top: top, bottom: top + 1)
        }
    }

    /// Covers a rectangle.
    private mutating func cover(left: Double, right: Double, top: Double, bottom: Double) {
        let (columns, rows) = (range(left * scale, right * scale, width), range(top * scale, bottom * scale, height))
        for row in rows {
            let tall = Self.overlap(row, top * scale, bottom * scale)
            for column in columns { add(column, row, tall * Self.overlap(column, left * scale, right * scale)) }
        }
        mark(columns, rows)
    }

    /// Covers the area between the ends of intervals, column by column.
    private mutating func cover(_ intervals: [PlotInterval], within frame: CurveDrawing.Box) {
        guard let first = intervals.first, let last = intervals.last, first.x < last.x else { return }
        let columns = range(first.x * scale, last.x * scale, width)
        let rows = range(frame.top * scale, frame.bottom * scale, height)
        var next = 1
        for column in columns {
            let wide = Self.overlap(column, first.x * scale, last.x * scale)
            let x = min(max((Double(column) + 0.5) / scale, first.x), last.x)
            while next < intervals.count - 1, intervals[next].x < x { next += 1 }
            let (before, after) = (intervals[next - 1], intervals[next])
            let share = after.x > before.x ? (x - before.x) / (after.x - before.x) : 1
            let high = max(before.high + (after.high - before.high) * share, frame.top) * scale
            let low = min(before.low + (after.low - before.low) * share, frame.bottom) * scale
            for row in range(high, low, height) { add(column, row, wide * Self.overlap(row, high, low)) }
        }
        mark(columns, rows)
    }

    /// Covers a polyline with round ends and corners; a single point becomes a disc.
    private mutating func cover(_ points: [PlotPoint], thickness: Double) {
        guard let first = points.first else { return }
        if points.count == 1 { cover(from: first, to: first, radius: thickness / 2) }
        for (start, end) in zip(points, points.dropFirst()) { cover(from: start, to: end, radius: thickness / 2) }
    }

    private mutating func cover(from start: PlotPoint, to end: PlotPoint, radius: Double) {
        let (ax, ay) = (start.x * scale, start.y * scale)
        let (dx, dy) = (end.x * scale - ax, end.y * scale - ay)
        let (reach, squared) = (radius * scale + 1, dx * dx + dy * dy)
        let rows = range(min(ay, ay + dy) - reach, max(ay, ay + dy) + reach, height)
        var (left, right) = (width, 0)
        for row in rows {
            let y = Double(row) + 0.5
            // The part of a long line that is near this row.
            var (low, high) = (0.0, 1.0)
            if abs(dy) > 1e-9 {
                let (one, other) = ((y - reach - ay) / dy, (y + reach - ay) / dy)
                (low, high) = (max(min(one, other), 0), min(max(one, other), 1))
            }
            if low > high { continue }
            let (one, other) = (ax + low * dx, ax + high * dx)
            let columns = range(min(one, other) - reach, max(one, other) + reach, width)
            for column in columns {
                let x = Double(column) + 0.5
                let along = squared > 0 ? min(max(((x - ax) * dx + (y - ay) * dy) / squared, 0), 1) : 0
                let (awayX, awayY) = (x - ax - along * dx, y - ay - along * dy)
                let inside = radius * scale + 0.5 - (awayX * awayX + awayY * awayY).squareRoot()
                if inside > 0 { raise(column, row, min(inside, 1)) }
            }
            if !columns.isEmpty { (left, right) = (min(left, columns.lowerBound), max(right, columns.upperBound)) }
        }
        if left < right { mark(left..<right, rows) }
    }

    /// The share of a pixel that lies between two edges.
    private static func overlap(_ pixel: Int, _ lower: Double, _ upper: Double) -> Double {
        max(min(upper, Double(pixel) + 1) - max(lower, Double(pixel)), 0)
    }

    /// The pixels between two edges.
    private func range(_ lower: Double, _ upper: Double, _ count: Int) -> Range<Int> {
        let low = min(max(lower.rounded(.down), 0), Double(count))
        let high = min(max(upper.rounded(.up), low), Double(count))
        return low.isFinite && high.isFinite ? Int(low)..<Int(high) : 0..<0
    }

    private mutating func add(_ column: Int, _ row: Int, _ share: Double) { mask[row * width + column] += Float(share) }

    private mutating func raise(_ column: Int, _ row: Int, _ share: Double) {
        let index = row * width + column
        mask[index] = max(mask[index], Float(share))
    }

    private mutating func mark(_ columns: Range<Int>, _ rows: Range<Int>) {
        if columns.isEmpty || rows.isEmpty { return }
        guard let old = dirty else {
            dirty = (columns, rows)
            return
        }
        dirty = (
            min(old.columns.lowerBound, columns.lowerBound)..<max(old.columns.upperBound, columns.upperBound),
            min(old.rows.lowerBound, rows.lowerBound)..<max(old.rows.upperBound, rows.upperBound)
        )
    }
}

/// The dashes of a polyline.
private enum Dashes {
    /// Divides a polyline.
    ///
    /// - Parameter pattern: the lengths of dashes and gaps; empty for a solid line.
    static func parts(of points: [PlotPoint], _ pattern: [Double]) -> [[PlotPoint]] {
        guard let first = points.first, !pattern.isEmpty else { return [points] }
        var parts: [[PlotPoint]] = []
        var current = [first]
        var (index, left) = (0, pattern[0])
        for (start, end) in zip(points, points.dropFirst()) {
            let length = hypot(end.x - start.x, end.y - start.y)
            var done = 0.0
            while length - done > left {
                done += left
                let share = done / length
                let point = PlotPoint(x: start.x + (end.x - start.x) * share, y: start.y + (end.y - start.y) * share)
                if index % 2 == 0 { parts.append(current + [point]) }
                index += 1
                left = pattern[index % pattern.count]
                current = [point]
            }
            left -= length - done
            current.append(end)
        }
        if index % 2 == 0 { parts.append(current) }
        return parts
    }
}
