/// Running sums since the last row of the metrics; part of a checkpoint, so that the next row is right.
public struct TrainingStatistics: Sendable, Equatable {
    /// Gradient updates.
    public private(set) var updates = 0.0
    private var loss = 0.0
    private var gradientNorm = 0.0
    private var staleness: Double?
    private var abandonedEpisodes: Double?
    private var others: [String: Double] = [:]

    /// Creates sums of nothing.
    public init() {}

    /// Goes on from ``values``.
    package init(_ values: [String: Double]) {
        for (name, value) in values {
            switch name {
            case "updates": updates = value
            case "loss_sum": loss = value
            case "gradient_norm_sum": gradientNorm = value
            case "staleness_sum": staleness = value
            case "abandoned_episodes": abandonedEpisodes = value
            default: others[String(name.dropLast(4))] = value
            }
        }
    }

    /// The sums by name, for a checkpoint.
    package var values: [String: Double] {
        var values = ["loss_sum": loss, "gradient_norm_sum": gradientNorm, "updates": updates]
        values["staleness_sum"] = staleness
        values["abandoned_episodes"] = abandonedEpisodes
        for (name, sum) in others { values["\(name)_sum"] = sum }
        return values
    }

    /// Counts an update.
    ///
    /// - Parameters:
    ///   - gradientNorm: before clipping.
    ///   - staleness: updates that others made between the copy that the gradient was computed on and its application;
    ///     `nil` where nothing is copied.
    ///   - others: what the method reports besides, by the names that the metrics get after `train/`.
    public mutating func add(
        loss: Double, gradientNorm: Double, staleness: Int? = nil, others: KeyValuePairs<String, Double> = [:]
    ) {
        updates += 1
        self.loss += loss
        self.gradientNorm += gradientNorm
        if let staleness { self.staleness = (self.staleness ?? 0) + Double(staleness) }
        for (name, value) in others { add(value, to: name) }
    }

    /// Adds to one of the method's own figures; unlike a list of them, it costs no memory once there is such a sum.
    ///
    /// - Parameter name: what the metrics get after `train/`.
    public mutating func add(_ value: Double, to name: String) { others[name, default: 0] += value }

    /// Counts an episode that a resumed run could not go on with.
    package mutating func countAbandonedEpisode() { abandonedEpisodes = (abandonedEpisodes ?? 0) + 1 }

    /// Adds another worker's sums.
    package mutating func merge(_ other: TrainingStatistics) {
        updates += other.updates
        loss += other.loss
        gradientNorm += other.gradientNorm
        if let more = other.staleness { staleness = (staleness ?? 0) + more }
        if let more = other.abandonedEpisodes { abandonedEpisodes = (abandonedEpisodes ?? 0) + more }
        others.merge(other.others, uniquingKeysWith: +)
    }

    /// The columns of the metrics: means over the updates, where there were any, and the abandoned episodes.
    package var row: [String: Double] {
        var row: [String: Double] = [:]
        row["rollout/abandoned_episodes"] = abandonedEpisodes
        guard updates > 0 else { return row }
        row["train/loss"] = loss / updates
        row["train/gradient_norm"] = gradientNorm / updates
        if let staleness { row["train/staleness"] = staleness / updates }
        for (name, sum) in others { row["train/\(name)"] = sum / updates }
        return row
    }
}
