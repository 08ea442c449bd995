package import DQNModel

extension Catch {
    /// The side of a `Catch84-v0` frame in pixels.
    static let pixelExtent = 84

    /// Writes the board: ones or white for the ball and the paddle, zeros or black elsewhere.
    package func observe(into observation: inout Observation) {
        switch drawing {
        case .board:
            observation.withMutableFloats { cells in
                precondition(cells.count == Self.rows * Self.columns, "Catch-v0 writes observations of 10×5 floats")
                cells.update(repeating: 0)
                cells[ballRow * Self.columns + ballColumn] = 1
                cells[(Self.rows - 1) * Self.columns + paddleColumn] = 1
            }
        case .pixels:
            observation.withMutableBytes { pixels in
                precondition(
                    pixels.count == Self.pixelExtent * Self.pixelExtent, "Catch84-v0 writes observations of 84×84 bytes"
                )
                _ = pixels.initializeMemory(as: UInt8.self, repeating: 0)
                let ball = Self.pixelColumns(ballColumn)
                // The ball is about as wide as high, unlike the cells, to look different from the paddle.
                let inset = ball.count / 4
                Self.fill(pixels, Self.pixelRows(ballRow), (ball.lowerBound + inset)..<(ball.upperBound - inset))
                Self.fill(pixels, Self.pixelRows(Self.rows - 1), Self.pixelColumns(paddleColumn))
            }
        }
    }

    /// The pixel rows of a board row, eight or nine of the 84.
    static func pixelRows(_ row: Int) -> Range<Int> {
        (row * pixelExtent / rows)..<((row + 1) * pixelExtent / rows)
    }

    /// The pixel columns of a board column, sixteen or seventeen of the 84.
    static func pixelColumns(_ column: Int) -> Range<Int> {
        (column * pixelExtent / columns)..<((column + 1) * pixelExtent / columns)
    }

    private static func fill(_ pixels: UnsafeMutableRawBufferPointer, _ rows: Range<Int>, _ columns: Range<Int>) {
        for row in rows {
            let start = row * pixelExtent
            for column in columns { pixels[start + column] = 255 }
        }
    }
}
