/// A chart of action values over an episode's steps: the chosen action's value as a line, in a band from the worst to the
/// best action's value, with a tick at each reward.
struct ValueChart {
    let width: Int
    let height: Int
    /// The number of pixels per dot of the font.
    let scale: Int

    private var labelWidth: Int { 8 * PixelFont.advance * scale }

    /// Draws the chart.
    ///
    /// - Parameter steps: the steps that the width represents. Steps beyond the history leave space at the right.
    func draw(on canvas: inout PictureCanvas, x: Int, y: Int, _ history: ValueHistory, steps: Range<Int>) {
        let entries = history.entries[steps.clamped(to: history.entries.indices)]
        let (left, top) = (Double(x), Double(y))
        let right = Double(x + width - labelWidth)
        let bottom = Double(y + height)
        canvas.rectangle(from: [left, bottom - 1], to: [right, bottom], Palette.rule)
        guard let first = entries.first else { return }
        var (least, greatest) = (first.least, first.greatest)
        for entry in entries { (least, greatest) = (min(least, entry.least), max(greatest, entry.greatest)) }
        let largest = max(abs(least), abs(greatest))
        // A minimum range keeps rounding errors from looking like changes.
        let range = Double(max(greatest - least, largest * 1e-3, 1e-6))
        let margin = 2.0 + Double(3 * scale)
        let room = bottom - top - 2 * margin
        let middle = Double(greatest + least) / 2
        func place(_ value: Float) -> Double { top + margin + room * (0.5 - (Double(value) - middle) / range) }
        func column(_ step: Int) -> Double {
            left + (right - left) * (Double(step - steps.lowerBound) + 0.5) / Double(steps.count)
        }

        // Use whole pixels, so that there are no seams.
        let half = (right - left) / Double(steps.count) / 2
        for (step, entry) in zip(entries.indices, entries) {
            let start = (column(step) - half).rounded()
            canvas.rectangle(
                from: [start, place(entry.greatest) - 0.5],
                to: [max((column(step) + half).rounded(), start + 1), place(entry.least) + 0.5], Palette.band)
        }
        for (step, entry) in zip(entries.indices, entries) where history.marksRewards && entry.reward != 0 {
            let isGain = entry.reward > 0
            let (from, to) = isGain ? (top, top + margin) : (bottom - margin, bottom)
            let centre = column(step)
            canvas.rectangle(
                from: [centre - Double(scale), from], to: [centre + Double(scale), to],
                isGain ? Palette.gain : Palette.loss)
        }
        var previous = PicturePoint(column(entries.startIndex), place(first.chosen))
        for (step, entry) in zip(entries.indices, entries) {
            let point = PicturePoint(column(step), place(entry.chosen))
            canvas.line(from: previous, to: point, thickness: 0.75 + 0.5 * Double(scale), Palette.chosen)
            previous = point
        }
        for (value, row) in [(greatest, y), (least, y + height - PixelFont.height * scale)] {
            let text = NumberText.aligned(value, largest: largest)
            canvas.write(
                text, x: x + width - PixelFont.width(text, scale: scale), y: row, scale: scale, Palette.dim)
        }
    }
}
