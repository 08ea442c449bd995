/// A row for each action: its name, a bar, its number; the chosen one is marked.
///
/// Bars show by how much an action is above or below the mean of all, since actions' values mostly are near each other
/// and far from zero; the longest of late fills half the width.
struct DecisionPanel {
    /// More rows than these would be no picture any more.
    static let mostRows = 24
    private static let longestName = 16
    private static let digits = 8

    let names: [String]
    let width: Int
    /// Pixels to a dot of the font.
    let scale: Int

    private var rowHeight: Int { (PixelFont.height + 3) * scale }
    private var character: Int { PixelFont.advance * scale }
    private var rows: Int { min(names.count, Self.mostRows) }

    /// Pixels that the panel takes.
    var height: Int { rows * rowHeight }

    /// - Parameter span: the distance from the mean that fills half the bars' width.
    func draw(on canvas: inout PictureCanvas, x: Int, y: Int, _ moment: Moment, span: Float) {
        let finite = moment.values.filter(\.isFinite)
        let mean = finite.reduce(0, +) / Float(max(finite.count, 1))
        let largest = finite.reduce(0) { max($0, abs($1)) }
        let nameCount = min(names.map(\.count).max() ?? 0, Self.longestName)
        let barStart = x + (nameCount + 3) * character
        let barEnd = max(x + width - (Self.digits + 1) * character, barStart + 2 * character)
        for (row, action) in shown(moment.action).enumerated() {
            let top = y + row * rowHeight
            let textTop = top + 2 * scale
            let isChosen = action == moment.action
            let hasValue = action < moment.values.count
            if isChosen {
                let (left, middle) = (Double(x), Double(top) + Double(rowHeight) / 2)
                let size = Double(4 * scale)
                canvas.convexPolygon(
                    [[left, middle - size], [left + size, middle], [left, middle + size]], FilmPalette.chosen)
            }
            let ink = isChosen ? FilmPalette.chosen : hasValue ? FilmPalette.text : FilmPalette.dim
            canvas.write(
                PixelFont.fitted(names[action], Self.longestName), x: x + character + scale, y: textTop, scale: scale,
                ink)
            let middle = Double(barStart + barEnd) / 2
            if hasValue {
                let value = moment.values[action]
                let number = FilmNumber.aligned(value, largest: largest)
                canvas.write(
                    number, x: x + width - PixelFont.width(number, scale: scale), y: textTop, scale: scale, ink)
                if value.isFinite, span > 0 {
                    let share = Double(min(max((value - mean) / span, -1), 1))
                    let end = middle + share * Double(barEnd - barStart) / 2
                    canvas.rectangle(
                        from: [min(middle, end), Double(top + scale)],
                        to: [max(middle, end), Double(top + rowHeight - scale)],
                        isChosen ? FilmPalette.chosen : FilmPalette.other)
                }
            }
            canvas.rectangle(
                from: [middle.rounded(), Double(top)], to: [middle.rounded() + Double(scale), Double(top + rowHeight)],
                FilmPalette.rule)
        }
    }

    /// The actions that have a row: the chosen one always.
    private func shown(_ chosen: Int?) -> [Int] {
        var actions = Array(0..<rows)
        if let chosen, chosen >= rows { actions[rows - 1] = chosen }
        return actions
    }
}
