/// Shrinks a picture of bytes to a square: each pixel is the mean of the area that it covers.
///
/// The bytes equal those of OpenCV's `resize` with `INTER_AREA`, unless the scale is a whole number in both directions:
/// first along the rows, then along the columns, in single precision, with the same order of additions, so that ties
/// round the same way.
final class AreaShrinking {
    /// The weight of one row or column in a row or column of the smaller picture.
    private struct Part {
        let target: Int
        let source: Int
        let weight: Float
    }

    private let side: Int
    private let columns: Int
    private let parts: [Part]
    /// The first source column of each small column; its source columns are neighbours. Each has the same number of
    /// weights, some of them 0.
    private let firstColumns: UnsafeMutableBufferPointer<Int32>
    private let columnWeights: UnsafeMutableBufferPointer<Float>
    private let weightsPerColumn: Int
    private let sourceByteCount: Int
    // Plain memory, not arrays: bounds checks would take half of the time.
    private let line: UnsafeMutableBufferPointer<Float>
    private let sums: UnsafeMutableBufferPointer<Float>

    /// Prepares for pictures of one size.
    ///
    /// - Precondition: both extents are at least `side`.
    init(rows: Int, columns: Int, side: Int) {
        precondition(side > 0 && rows >= side && columns >= side, "a picture is shrunk, not enlarged")
        self.side = side
        self.columns = columns
        sourceByteCount = rows * columns
        parts = Self.parts(of: rows, in: side)
        let across = Self.parts(of: columns, in: side)
        let groups = (0..<side).map { target in across.filter { $0.target == target } }
        let width = groups.map(\.count).max() ?? 1
        weightsPerColumn = width
        firstColumns = .allocate(capacity: side)
        columnWeights = .allocate(capacity: side * width)
        for (target, group) in groups.enumerated() {
            // Leading weights of 0 keep a group inside the picture's edge.
            let start = min(group[0].source, columns - width)
            firstColumns.initializeElement(at: target, to: Int32(start))
            for index in 0..<width {
                let weight = group.first { $0.source == start + index }?.weight ?? 0
                columnWeights.initializeElement(at: target * width + index, to: weight)
            }
        }
        line = .allocate(capacity: side)
        sums = .allocate(capacity: side)
    }

    deinit {
        firstColumns.deallocate()
        columnWeights.deallocate()
        line.deallocate()
        sums.deallocate()
    }

    /// The weights of the larger picture's rows or columns in those of the smaller one.
    private static func parts(of extent: Int, in side: Int) -> [Part] {
        let scale = Double(extent) / Double(side)
        var parts: [Part] = []
        for target in 0..<side {
            let start = Double(target) * scale
            let end = start + scale
            let width = min(scale, Double(extent) - start)
            let last = min(Int(end.rounded(.down)), extent - 1)
            let first = min(Int(start.rounded(.up)), last)
            // Slivers caused by rounding are skipped.
            if Double(first) - start > 1e-3 {
                parts.append(
                    Part(target: target, source: first - 1, weight: Float((Double(first) - start) / width)))
            }
            for source in first..<last {
                parts.append(Part(target: target, source: source, weight: Float(1 / width)))
            }
            let rest = end - Double(last)
            if rest > 1e-3 {
                parts.append(Part(target: target, source: last, weight: Float(min(rest, 1, width) / width)))
            }
        }
        return parts
    }

    /// Shrinks a picture.
    ///
    /// - Precondition: the buffers have the prepared extents.
    func shrink(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) {
        precondition(source.count == sourceByteCount && target.count == side * side, "pictures of other extents")
        guard let pixels = source.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var (row, filled) = (-1, -1)
        for part in parts {
            if part.source != row {
                row = part.source
                shrinkLine(pixels + row * columns)
            }
            if part.target != filled {
                if filled >= 0 { write(filled, into: target) }
                filled = part.target
                for column in 0..<side { sums[column] = part.weight * line[column] }
            } else {
                for column in 0..<side { sums[column] += part.weight * line[column] }
            }
        }
        write(filled, into: target)
    }

    private func shrinkLine(_ pixels: UnsafePointer<UInt8>) {
        // Most calls have three weights, those of 160 columns in 84: they need no inner loop.
        if weightsPerColumn == 3 {
            for column in 0..<side {
                let start = pixels + Int(firstColumns[column])
                let weights = 3 * column
                line[column] =
                    Float(start[0]) * columnWeights[weights] + Float(start[1]) * columnWeights[weights + 1]
                    + Float(start[2]) * columnWeights[weights + 2]
            }
            return
        }
        for column in 0..<side {
            let start = pixels + Int(firstColumns[column])
            var sum: Float = 0
            for index in 0..<weightsPerColumn {
                sum += Float(start[index]) * columnWeights[column * weightsPerColumn + index]
            }
            line[column] = sum
        }
    }

    /// Writes the sums as a row of bytes, halves rounded to even.
    private func write(_ row: Int, into target: UnsafeMutableRawBufferPointer) {
        for column in 0..<side {
            // The addition rounds: the lowest bit of a number this large is worth 1.
            let shifted = sums[column] + 0x1.8p23
            target[row * side + column] = UInt8(truncatingIfNeeded: shifted.bitPattern)
        }
    }
}
