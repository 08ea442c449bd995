/// The Q-values of an episode so far, as much of them as a chart shows.
struct ValueHistory {
    /// The action values of one step: those of the worst, the chosen and the best action.
    struct Entry {
        var least: Float
        var chosen: Float
        var greatest: Float
        var reward: Double
    }

    private(set) var entries: [Entry] = []
    /// What fills half the width of a bar: the largest distance from the mean of late, fading by 3 % a step.
    private(set) var span: Float = 0
    /// Steps with a reward.
    private var rewarded = 0

    /// Takes note of values before they are drawn.
    mutating func look(at values: [Float]) {
        let finite = values.filter(\.isFinite)
        let mean = finite.reduce(0, +) / Float(max(finite.count, 1))
        span = max(finite.reduce(0) { max($0, abs($1 - mean)) }, 0.97 * span)
    }

    /// Adds a step.
    mutating func append(_ values: [Float], action: Int, reward: Double) {
        let finite = values.filter(\.isFinite)
        let chosen = values.indices.contains(action) && values[action].isFinite ? values[action] : finite.first ?? 0
        entries.append(
            Entry(least: finite.min() ?? chosen, chosen: chosen, greatest: finite.max() ?? chosen, reward: reward))
        if reward != 0 { rewarded += 1 }
    }

    /// Whether rewards come seldom enough to be marked one by one.
    var marksRewards: Bool { 4 * rewarded <= entries.count }
}

/// Q-values over an episode's steps: the chosen action's as a line in a band from the worst to the best one's, with a
/// tick where a reward comes.
struct ValueChart {
    let width: Int
    let height: Int
    /// Pixels to a dot of the font.
    let scale: Int

    private var labelWidth: Int { 8 * PixelFont.advance * scale }

    /// - Parameter steps: those that the width stands for; more than there are leave room at the right.
    func draw(on canvas: inout PictureCanvas, x: Int, y: Int, _ history: ValueHistory, steps: Range<Int>) {
        let entries = history.entries[steps.clamped(to: history.entries.indices)]
        let (left, top) = (Double(x), Double(y))
        let right = Double(x + width - labelWidth)
        let bottom = Double(y + height)
        canvas.rectangle(from: [left, bottom - 1], to: [right, bottom], FilmPalette.rule)
        guard let first = entries.first else { return }
        var (least, greatest) = (first.least, first.greatest)
        for entry in entries { (least, greatest) = (min(least, entry.least), max(greatest, entry.greatest)) }
        let largest = max(abs(least), abs(greatest))
        // A chart of rounding errors would tell a story that is none.
        let range = Double(max(greatest - least, largest * 1e-3, 1e-6))
        let margin = 2.0 + Double(3 * scale)
        let room = bottom - top - 2 * margin
        let middle = Double(greatest + least) / 2
        func place(_ value: Float) -> Double { top + margin + room * (0.5 - (Double(value) - middle) / range) }
        func column(_ step: Int) -> Double {
            left + (right - left) * (Double(step - steps.lowerBound) + 0.5) / Double(steps.count)
        }

        // Whole pixels, so that no seams are between them.
        let half = (right - left) / Double(steps.count) / 2
        for (step, entry) in zip(entries.indices, entries) {
            let start = (column(step) - half).rounded()
            canvas.rectangle(
                from: [start, place(entry.greatest) - 0.5],
                to: [max((column(step) + half).rounded(), start + 1), place(entry.least) + 0.5], FilmPalette.band)
        }
        for (step, entry) in zip(entries.indices, entries) where history.marksRewards && entry.reward != 0 {
            let isGain = entry.reward > 0
            let (from, to) = isGain ? (top, top + margin) : (bottom - margin, bottom)
            let centre = column(step)
            canvas.rectangle(
                from: [centre - Double(scale), from], to: [centre + Double(scale), to],
                isGain ? FilmPalette.gain : FilmPalette.loss)
        }
        var previous = PicturePoint(column(entries.startIndex), place(first.chosen))
        for (step, entry) in zip(entries.indices, entries) {
            let point = PicturePoint(column(step), place(entry.chosen))
            canvas.line(from: previous, to: point, thickness: 0.75 + 0.5 * Double(scale), FilmPalette.chosen)
            previous = point
        }
        for (value, row) in [(greatest, y), (least, y + height - PixelFont.height * scale)] {
            let text = FilmNumber.aligned(value, largest: largest)
            canvas.write(
                text, x: x + width - PixelFont.width(text, scale: scale), y: row, scale: scale, FilmPalette.dim)
        }
    }
}
