/// A row of `metrics.csv`: what a run records at an agent step.
struct MetricsRow: Sendable {
    /// The agent step.
    let step: Int
    /// The finite numbers of the row with the names of their columns, in order.
    let cells: [(name: String, value: Double)]

    /// Selects the columns' finite values.
    init(step: Int, values: [String: Double], _ columns: [String]) {
        self.step = step
        cells = columns.compactMap { name in
            guard name != MetricsFile.stepColumn, let value = values[name], value.isFinite else { return nil }
            return (name, value)
        }
    }
}

/// The figures of one worker at an agent step: a row of `workers.csv`.
struct WorkerRow: Sendable {
    let report: WorkerReport
    /// Its speed since its last row; `nil` at its first one in this process.
    let stepsPerSecond: Double?

    init(_ report: WorkerReport, stepsPerSecond: Double?) {
        self.report = report
        self.stepsPerSecond = stepsPerSecond
    }

    /// The finite numbers with the names of their columns of `workers.csv`.
    var cells: [(name: String, value: Double)] {
        let values: [(String, Double?)] = [
            ("worker/timesteps", Double(report.agentSteps)),
            // As in the file.
            ("worker/fps", stepsPerSecond.map { $0.rounded(.towardZero) }),
            ("worker/ep_rew_mean", report.meanReturn), ("worker/n_updates", Double(report.updates)),
            ("worker/staleness", report.staleness), ("worker/exploration_rate", report.epsilon),
        ]
        return values.compactMap { name, value in value.flatMap { $0.isFinite ? (name, $0) : nil } }
    }
}
