/// A colour of the terminal's own palette, so that pictures suit dark and light themes.
enum TerminalColor: UInt8, Sendable {
    case standard = 39
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34
    case cyan = 36
    case grey = 90
    case brightRed = 91
    case brightGreen = 92
    case brightYellow = 93
    case brightCyan = 96
}

/// A point of a canvas in dots, x to the right, y downwards.
struct CanvasPoint: Sendable {
    var x: Double
    var y: Double

    init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }
}

/// A picture of text: dots drawn with Braille characters, two by four to a character, and letters over them.
///
/// Dots share their character's colour; the last one drawn decides. What lies outside is left out.
struct TerminalCanvas {
    /// Characters of a line.
    let columns: Int
    /// Lines.
    let rows: Int
    /// Dots of a line: two a character.
    var width: Int { columns * 2 }
    /// Dots of a column: four a character.
    var height: Int { rows * 4 }

    private struct Cell {
        var dots: UInt8 = 0
        var letter: Character?
        var color = TerminalColor.standard
    }

    private var cells: [Cell]

    /// Creates an empty canvas.
    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        cells = [Cell](repeating: Cell(), count: columns * rows)
    }

    /// Sets one dot.
    mutating func dot(_ x: Int, _ y: Int, _ color: TerminalColor) {
        guard x >= 0, x < width, y >= 0, y < height else { return }
        // Unicode numbers the dots down the left column, then down the right, with the bottom row last.
        let bits: [UInt8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]
        let index = (y / 4) * columns + x / 2
        cells[index].dots |= bits[(y % 4) * 2 + x % 2]
        cells[index].color = color
    }

    /// Draws a stroke of a thickness in dots, with round ends.
    mutating func line(from start: CanvasPoint, to end: CanvasPoint, thickness: Double = 1, _ color: TerminalColor) {
        let (dx, dy) = (end.x - start.x, end.y - start.y)
        let squaredLength = dx * dx + dy * dy
        let radius = thickness / 2
        fill(
            around: (min(start.x, end.x) - radius, max(start.x, end.x) + radius),
            (min(start.y, end.y) - radius, max(start.y, end.y) + radius), color
        ) { x, y in
            var along = 0.0
            if squaredLength > 0 {
                along = min(max(((x - start.x) * dx + (y - start.y) * dy) / squaredLength, 0), 1)
            }
            let (offX, offY) = (x - start.x - along * dx, y - start.y - along * dy)
            return offX * offX + offY * offY <= radius * radius
        }
    }

    /// Fills a rectangle; both corners belong to it.
    mutating func rectangle(_ corner: CanvasPoint, _ opposite: CanvasPoint, _ color: TerminalColor) {
        fill(around: (corner.x, opposite.x), (corner.y, opposite.y), color) { x, y in
            x >= corner.x && x <= opposite.x && y >= corner.y && y <= opposite.y
        }
    }

    /// Fills a disc.
    mutating func disc(_ centre: CanvasPoint, radius: Double, _ color: TerminalColor) {
        line(from: centre, to: centre, thickness: 2 * radius, color)
    }

    /// Writes letters over the dots.
    mutating func write(_ text: String, row: Int, column: Int, _ color: TerminalColor) {
        for (offset, letter) in text.enumerated() {
            guard row >= 0, row < rows, column + offset >= 0, column + offset < columns else { continue }
            cells[row * columns + column + offset].letter = letter
            cells[row * columns + column + offset].color = color
        }
    }

    /// The picture: ``rows`` lines of ``columns`` characters, a colour change where one is needed.
    var text: String {
        (0..<rows).map { row in
            var line = ""
            var current = TerminalColor.standard
            for cell in cells[(row * columns)..<((row + 1) * columns)] {
                let character = cell.letter ?? (cell.dots == 0 ? " " : Self.braille(cell.dots))
                if character != " ", cell.color != current {
                    line += "\u{1B}[\(cell.color.rawValue)m"
                    current = cell.color
                }
                line.append(character)
            }
            return current == .standard ? line : line + "\u{1B}[39m"
        }.joined(separator: "\n")
    }

    private static func braille(_ dots: UInt8) -> Character {
        Unicode.Scalar(0x2800 + UInt32(dots)).map(Character.init) ?? " "
    }

    /// Sets the dots within a box for whose centres `covers` holds.
    private mutating func fill(
        around horizontal: (Double, Double), _ vertical: (Double, Double), _ color: TerminalColor,
        where covers: (Double, Double) -> Bool
    ) {
        // Clamped before the conversion, since a restored state may lie far outside the picture.
        let columns = Self.clamped(horizontal, to: width)
        let rows = Self.clamped(vertical, to: height)
        for y in rows {
            for x in columns where covers(Double(x), Double(y)) { dot(x, y, color) }
        }
    }

    private static func clamped(_ bounds: (Double, Double), to count: Int) -> Range<Int> {
        let low = min(max(bounds.0.rounded(.down), 0), Double(count))
        let high = min(max(bounds.1.rounded(.up) + 1, low), Double(count))
        return Int(low)..<Int(high)
    }
}
