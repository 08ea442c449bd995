package import DQNGraphics

extension Catch {
    /// Slow enough to follow the ball.
    package var stepsPerSecond: Double { 4 }

    /// The step and, at the end, whether the ball was caught.
    package var statusLine: String {
        let hasLanded = ballRow == Self.rows - 1
        let verdict = hasLanded ? [ballColumn == paddleColumn ? "caught" : "missed"] : []
        return StatusLine.text(progress, limit: Self.rows - 1, verdict)
    }

    /// The board with the ball and the paddle, 200 by 380 pixels, for both kinds of observations.
    package func picture() -> Picture? {
        var canvas = PictureCanvas(width: 200, height: 380, PictureColor(0x1B2330))
        let (cell, margin) = (36.0, 10.0)
        func corner(_ row: Int, _ column: Int) -> PicturePoint {
            PicturePoint(Double(column), Double(row)) * cell + margin
        }
        for row in 0..<Self.rows {
            for column in 0..<Self.columns {
                canvas.rectangle(
                    from: corner(row, column) + 1, to: corner(row, column) + cell - 1, rounding: 4,
                    PictureColor(0x232D3D))
            }
        }
        let hasLanded = ballRow == Self.rows - 1
        let isCaught = hasLanded && ballColumn == paddleColumn
        let paddle = corner(Self.rows - 1, paddleColumn)
        canvas.rectangle(
            from: paddle + [2, cell - 12], to: paddle + [cell - 2, cell - 3], rounding: 4, PictureColor(0x5BC0DE))
        // A caught ball lies on the paddle.
        let centre = corner(ballRow, ballColumn) + [cell / 2, hasLanded ? cell / 2 - 5 : cell / 2]
        canvas.disc(
            centre, radius: 11, PictureColor(isCaught ? 0x62C073 : hasLanded ? 0xE5605E : 0xF4B740))
        return canvas.picture
    }
}
