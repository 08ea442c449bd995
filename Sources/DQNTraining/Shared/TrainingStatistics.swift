/// Running sums since the last row of the metrics; part of a checkpoint, so that the next row is right.
struct TrainingStatistics {
    private var lossSum = 0.0
    private var gradientNormSum = 0.0
    private var updates = 0.0

    init(_ values: [String: Double]) {
        lossSum = values["loss_sum"] ?? 0
        gradientNormSum = values["gradient_norm_sum"] ?? 0
        updates = values["updates"] ?? 0
    }

    var values: [String: Double] {
        ["loss_sum": lossSum, "gradient_norm_sum": gradientNormSum, "updates": updates]
    }

    mutating func add(loss: Double, gradientNorm: Double) {
        lossSum += loss
        gradientNormSum += gradientNorm
        updates += 1
    }

    /// The means since the last row, as columns; none before the first update.
    mutating func takeRow() -> [String: Double] {
        guard updates > 0 else { return [:] }
        let row = ["train/loss": lossSum / updates, "train/gradient_norm": gradientNormSum / updates]
        self = TrainingStatistics([:])
        return row
    }
}
