/// Evenly spaced frames of an episode side by side, above a chart of the Q-values of all steps.
///
/// The episode's length is unknown in advance. To bound the memory, every second frame is dropped whenever there are four
/// times as many as the sheet shows.
struct ContactSheet {
    /// The largest number of frames shown before the last frame.
    private static let limit = 19

    private var tiles: [(step: Int, picture: Picture)] = []
    private var interval = 1

    /// Returns whether the frame of a step is kept. If not, it need not be drawn.
    func wants(_ step: Int) -> Bool { step % interval == 0 }

    mutating func append(_ step: Int, _ picture: Picture) {
        tiles.append((step, picture))
        if tiles.count >= 4 * Self.limit {
            tiles = tiles.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            interval *= 2
        }
    }

    /// Renders the sheet.
    ///
    /// - Parameters:
    ///   - title: the title.
    ///   - last: the last frame of the episode.
    func picture(title: String, last: Picture, _ history: ValueHistory) -> Picture {
        let distance = max((tiles.count + Self.limit - 1) / Self.limit, 1)
        let chosen = tiles.enumerated().filter { $0.offset % distance == 0 }.map(\.element.picture) + [last]
        let gap = 8
        let (tileWidth, tileHeight) = (last.width + gap, last.height + gap)
        let columns = Self.columns(chosen.count, tileWidth, tileHeight)
        let rows = (chosen.count + columns - 1) / columns
        let width = max(columns * tileWidth + gap, 480)
        let titleHeight = PixelFont.height * 2 + 2 * gap
        let chartTop = titleHeight + rows * tileHeight + gap
        let chart = ValueChart(width: width - 2 * gap, height: 110, scale: 1)
        let axisTop = chartTop + chart.height + gap / 2
        var canvas = PictureCanvas(
            width: width, height: axisTop + PixelFont.height + gap, Palette.rule)
        let fitting = (width - 2 * gap) / (2 * PixelFont.advance)
        canvas.write(PixelFont.fitted(title, fitting), x: gap, y: gap + 2, scale: 2, Palette.text)
        for (index, tile) in chosen.enumerated() {
            canvas.draw(
                tile, x: gap + index % columns * tileWidth, y: titleHeight + index / columns * tileHeight)
        }
        canvas.rectangle(
            from: [0, Double(chartTop - gap)], to: [Double(width), Double(canvas.height)], Palette.ground)
        let steps = max(history.entries.count, 1)
        chart.draw(on: &canvas, x: gap, y: chartTop, history, steps: 0..<steps)
        canvas.write(
            "Q-values of all \(history.entries.count) steps: the chosen action's, between the worst and the best one's",
            x: gap, y: axisTop, scale: 1, Palette.dim)
        return canvas.picture
    }

    /// Returns the number of columns that gives the sheet about the proportions of a screen.
    private static func columns(_ count: Int, _ width: Int, _ height: Int) -> Int {
        (1...count).min { first, second in
            deviation(first, count, width, height) < deviation(second, count, width, height)
        } ?? 1
    }

    private static func deviation(_ columns: Int, _ count: Int, _ width: Int, _ height: Int) -> Double {
        let rows = (count + columns - 1) / columns
        let ratio = Double(columns * width) / Double(rows * height)
        // Empty places at the end are worse than a slightly narrow sheet.
        return max(ratio / 1.5, 1.5 / ratio) + 0.15 * Double(rows * columns - count)
    }
}
