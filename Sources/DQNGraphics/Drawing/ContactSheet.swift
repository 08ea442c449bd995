/// Moments of an episode side by side, at equal distances, below them the Q-values of all its steps.
///
/// The episode's length is not known beforehand: every second moment is let go whenever there are four times as many as
/// will be shown, so that memory stays bounded.
struct ContactSheet {
    /// Moments that are shown at most, besides the last.
    private static let most = 19

    private var tiles: [(step: Int, picture: Picture)] = []
    private var interval = 1

    /// Whether the moment before a step would be kept; else there is no need to draw it.
    func wants(_ step: Int) -> Bool { step % interval == 0 }

    mutating func append(_ step: Int, _ picture: Picture) {
        tiles.append((step, picture))
        if tiles.count >= 4 * Self.most {
            tiles = tiles.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            interval *= 2
        }
    }

    /// The whole sheet.
    ///
    /// - Parameters:
    ///   - title: its heading.
    ///   - last: the episode's last moment.
    func picture(title: String, last: Picture, _ history: ValueHistory) -> Picture {
        let distance = max((tiles.count + Self.most - 1) / Self.most, 1)
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
            width: width, height: axisTop + PixelFont.height + gap, FilmPalette.rule)
        let fitting = (width - 2 * gap) / (2 * PixelFont.advance)
        canvas.write(PixelFont.fitted(title, fitting), x: gap, y: gap + 2, scale: 2, FilmPalette.text)
        for (index, tile) in chosen.enumerated() {
            canvas.draw(
                tile, x: gap + index % columns * tileWidth, y: titleHeight + index / columns * tileHeight)
        }
        canvas.rectangle(
            from: [0, Double(chartTop - gap)], to: [Double(width), Double(canvas.height)], FilmPalette.ground)
        let steps = max(history.entries.count, 1)
        chart.draw(on: &canvas, x: gap, y: chartTop, history, steps: 0..<steps)
        canvas.write(
            "Q-values of all \(history.entries.count) steps: the chosen action's, between the worst and the best one's",
            x: gap, y: axisTop, scale: 1, FilmPalette.dim)
        return canvas.picture
    }

    /// The number of columns that makes the sheet about as wide as a screen.
    private static func columns(_ count: Int, _ width: Int, _ height: Int) -> Int {
        (1...count).min { first, second in
            distance(first, count, width, height) < distance(second, count, width, height)
        } ?? 1
    }

    private static func distance(_ columns: Int, _ count: Int, _ width: Int, _ height: Int) -> Double {
        let rows = (count + columns - 1) / columns
        let ratio = Double(columns * width) / Double(rows * height)
        // Empty places at the end are worse than a sheet that is a little narrow.
        return max(ratio / 1.5, 1.5 / ratio) + 0.15 * Double(rows * columns - count)
    }
}
