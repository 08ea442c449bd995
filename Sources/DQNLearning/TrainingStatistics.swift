/// Sums over the gradient updates since the last row of the metrics.
///
/// Checkpoints store them, so that a resumed run continues the row.
public struct TrainingStatistics: Sendable, Equatable {
    /// Gradient updates.
    package private(set) var updates = 0.0
    private var loss = 0.0
    private var gradientNorm = 0.0
    private var staleness: Double?
    private var abandonedEpisodes: Double?
    private var others: [String: Double] = [:]

    /// Creates empty sums.
    public init() {}

    /// Restores sums from ``values``.
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

    /// Adds one gradient update.
    ///
    /// - Parameters:
    ///   - loss: The loss of the update.
    ///   - gradientNorm: The gradient's norm before clipping.
    ///   - staleness: The number of updates by other workers between the copy of the parameters that the gradient was
    ///     computed on and this update; `nil` if the worker computes on the parameters themselves.
    public mutating func add(loss: Double, gradientNorm: Double, staleness: Int? = nil) {
        updates += 1
        self.loss += loss
        self.gradientNorm += gradientNorm
        if let staleness { self.staleness = (self.staleness ?? 0) + Double(staleness) }
    }

    /// Adds to one of the method's own metrics. Allocates nothing after the first time.
    ///
    /// - Parameter value: What is added.
    /// - Parameter name: The metric's name without `train/`, as in ``TrainingMethod/metrics``.
    public mutating func add(_ value: Double, to name: String) { others[name, default: 0] += value }

    /// Counts an episode that could not be continued after a resume.
    package mutating func countAbandonedEpisode() { abandonedEpisodes = (abandonedEpisodes ?? 0) + 1 }

    /// Adds the sums of another worker.
    package mutating func merge(_ other: TrainingStatistics) {
        updates += other.updates
        loss += other.loss
        gradientNorm += other.gradientNorm
        if let more = other.staleness { staleness = (staleness ?? 0) + more }
        if let more = other.abandonedEpisodes { abandonedEpisodes = (abandonedEpisodes ?? 0) + more }
        others.merge(other.others, uniquingKeysWith: +)
    }

    /// The columns of a row of the metrics: means over the updates, if there were any, and the abandoned episodes.
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
