/// One row per action with its name, a bar and its value. A triangle marks the chosen action.
///
/// Bars show how far a value is above or below the mean, because the values of the actions are usually close to each other
/// and far from zero. The longest recent bar fills half the width.
struct ActionPanel {
    /// The largest number of rows.
    static let maximumRows = 24
    private static let longestName = 16
    private static let digits = 8

    let names: [String]
    let width: Int
    /// The number of pixels per dot of the font.
    let scale: Int

    private var rowHeight: Int { (PixelFont.height + 3) * scale }
    private var character: Int { PixelFont.advance * scale }
    private var rows: Int { min(names.count, Self.maximumRows) }

    /// The height in pixels.
    var height: Int { rows * rowHeight }

    /// - Parameter span: the distance from the mean that fills half the bars' width.
    func draw(on canvas: inout PictureCanvas, x: Int, y: Int, _ frame: EpisodeFrame, span: Float) {
        let finite = frame.values.filter(\.isFinite)
        let mean = finite.reduce(0, +) / Float(max(finite.count, 1))
        let largest = finite.reduce(0) { max($0, abs($1)) }
        let nameCount = min(names.map(\.count).max() ?? 0, Self.longestName)
        let barStart = x + (nameCount + 3) * character
        let barEnd = max(x + width - (Self.digits + 1) * character, barStart + 2 * character)
        for (row, action) in shown(frame.action).enumerated() {
            let top = y + row * rowHeight
            let textTop = top + 2 * scale
            let isChosen = action == frame.action
            let hasValue = action < frame.values.count
            if isChosen {
                let (left, middle) = (Double(x), Double(top) + Double(rowHeight) / 2)
                let size = Double(4 * scale)
                canvas.convexPolygon(
                    [[left, middle - size], [left + size, middle], [left, middle + size]], Palette.chosen)
            }
            let ink = isChosen ? Palette.chosen : hasValue ? Palette.text : Palette.dim
            canvas.write(
                PixelFont.fitted(names[action], Self.longestName), x: x + character + scale, y: textTop, scale: scale,
                ink)
            let middle = Double(barStart + barEnd) / 2
            if hasValue {
                let value = frame.values[action]
                let number = NumberText.aligned(value, largest: largest)
                canvas.write(
                    number, x: x + width - PixelFont.width(number, scale: scale), y: textTop, scale: scale, ink)
                if value.isFinite, span > 0 {
                    let share = Double(min(max((value - mean) / span, -1), 1))
                    let end = middle + share * Double(barEnd - barStart) / 2
                    canvas.rectangle(
                        from: [min(middle, end), Double(top + scale)],
                        to: [max(middle, end), Double(top + rowHeight - scale)],
                        isChosen ? Palette.chosen : Palette.other)
                }
            }
            canvas.rectangle(
                from: [middle.rounded(), Double(top)], to: [middle.rounded() + Double(scale), Double(top + rowHeight)],
                Palette.rule)
        }
    }

    /// Returns the actions that have a row, including the chosen action.
    private func shown(_ chosen: Int?) -> [Int] {
        var actions = Array(0..<rows)
        if let chosen, chosen >= rows { actions[rows - 1] = chosen }
        return actions
    }
}
