package import DQNGraphics
internal import DQNModel
internal import Foundation

extension Environment {
    /// Returns the picture to record: ``picture()``, or the numbers of the observation for an environment that draws none.
    ///
    /// An environment of Gymnasium says itself whether it draws pictures: `nil` stays `nil`.
    package func recordedPicture() throws -> Picture? {
        if let picture = try picture() { return picture }
        let specification = specification
        if specification.id.hasPrefix("gym:") { return nil }
        var observation = Observation(zerosOf: specification.observationSpace)
        observe(into: &observation)
        return Picture(numbersOf: observation)
    }
}

extension Picture {
    private static let ground = PictureColor(0x12161C)
    private static let rule = PictureColor(0x3A444F)
    private static let dim = PictureColor(0x7E8998)
    private static let text = PictureColor(0xD6DCE4)
    private static let positive = PictureColor(0xF4B740)
    private static let negative = PictureColor(0x4FA3D1)

    /// Numbers that are drawn as bars; more become the cells of a grid.
    private static let mostBars = 16

    /// Creates a picture of an observation's numbers: a bar for each, or for many a grid of coloured cells, row by row.
    /// Positive numbers are yellow and negative ones blue.
    ///
    /// Ranges are unknown, so lengths and colours follow x / (1 + |x|); bytes have theirs.
    init(numbersOf observation: Observation) {
        let isBytes = observation.space.element == .uint8
        let numbers = observation.floats
        let shares = numbers.map { number -> Double in
            let value = Double(number)
            if isBytes { return value / 255 }
            return value.isInfinite ? (value > 0 ? 1 : -1) : value.isNaN ? 0 : value / (1 + abs(value))
        }
        self =
            numbers.count <= Self.mostBars
            ? Self.bars(numbers, shares: shares, decimals: isBytes ? 0 : 3) : Self.grid(shares)
    }

    private static func bars(_ numbers: [Float], shares: [Double], decimals: Int) -> Picture {
        let (rowHeight, margin, scale) = (24, 8, 2)
        let (centre, halfLength) = (284.0, 100.0)
        var canvas = PictureCanvas(width: 400, height: numbers.count * rowHeight + 2 * margin, ground)
        canvas.line(
            from: [centre, Double(margin)], to: [centre, Double(canvas.height - margin)], thickness: 2, rule)
        for (index, share) in shares.enumerated() {
            let top = margin + index * rowHeight
            let line = top + (rowHeight - PixelFont.height * scale) / 2
            canvas.write("\(index)", x: margin, y: line, scale: scale, dim)
            canvas.write(label(numbers[index], decimals), x: margin + 32, y: line, scale: scale, text)
            guard share != 0 else { continue }
            let end = centre + share * halfLength
            canvas.rectangle(
                from: [min(centre, end), Double(top + 4)], to: [max(centre, end), Double(top + rowHeight - 4)],
                share > 0 ? positive : negative)
        }
        return canvas.picture
    }

    /// At most ten characters.
    private static func label(_ number: Float, _ decimals: Int) -> String {
        guard number.isFinite else { return "\(number)" }
        return abs(number) < 10_000
            ? StatusLine.signed(Double(number), decimals: decimals) : String(format: "%+.2e", Double(number))
    }

    private static func grid(_ shares: [Double]) -> Picture {
        let columns = Int(Double(shares.count).squareRoot().rounded(.up))
        let rows = (shares.count + columns - 1) / columns
        let cell = max(1, 320 / columns)
        var bytes = [UInt8](repeating: 0, count: 3 * columns * cell * rows * cell)
        for y in 0..<rows * cell {
            for x in 0..<columns * cell {
                let index = y / cell * columns + x / cell
                guard index < shares.count else { continue }
                let (color, share) = (shares[index] > 0 ? positive : negative, abs(shares[index]))
                func mixed(_ from: UInt8, _ to: UInt8) -> UInt8 {
                    UInt8((Double(from) + (Double(to) - Double(from)) * share).rounded())
                }
                let start = 3 * (y * columns * cell + x)
                bytes[start] = mixed(ground.red, color.red)
                bytes[start + 1] = mixed(ground.green, color.green)
                bytes[start + 2] = mixed(ground.blue, color.blue)
            }
        }
        return Picture(width: columns * cell, height: rows * cell, bytes: bytes)
    }
}
