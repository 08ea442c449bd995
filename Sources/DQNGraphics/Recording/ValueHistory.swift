/// The action values of an episode so far, as a chart shows them.
struct ValueHistory {
    /// The values of the worst, the chosen and the best action of one step.
    struct Entry {
        var least: Float
        var chosen: Float
        var greatest: Float
        var reward: Double
    }

    private(set) var entries: [Entry] = []
    /// The value that fills half a bar: the largest recent distance from the mean, decaying by 3 % per step.
    private(set) var span: Float = 0
    /// The number of steps with a reward.
    private var rewarded = 0

    /// Updates ``span`` before values are drawn.
    mutating func updateSpan(with values: [Float]) {
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

    /// Whether rewards are rare enough to mark each of them.
    var marksRewards: Bool { 4 * rewarded <= entries.count }
}
