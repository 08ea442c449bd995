extension CurvePlot {
    /// A run's own learning curve against agent steps: the mean return of its evaluations with a marker each, behind it
    /// the rolling mean of its training episodes. What it has not recorded yet is left out.
    ///
    /// - Parameters:
    ///   - environment: the environment's id.
    ///   - method: the training method's name.
    ///   - agentSteps: agent steps of each row.
    ///   - columns: the metrics by name, as long as `agentSteps`; `eval/mean_reward` and `rollout/ep_rew_mean` are drawn.
    /// - Throws: ``ReportError``: `empty` before the first value, `lengthMismatch`.
    public init(
        environment: String, method: String, agentSteps: [Int], columns: [String: [Double]]
    ) throws(ReportError) {
        let steps = agentSteps.map(Double.init)
        var series: [CurveSeries] = []
        for (metric, label, emphasis) in [
            (Metric.evaluationReturn, "evaluation", CurveSeries.Emphasis.strong),
            (Metric.trainingReturn, "training episodes, rolling mean", .light),
        ] {
            guard let column = columns[metric] else { continue }
            let curve = try LearningCurve(x: steps, y: column)
            if curve.isEmpty { continue }
            series.append(
                CurveSeries(label: label, curves: [curve], emphasis: emphasis, hasMarkers: emphasis == .strong))
        }
        try self.init(title: "\(environment) \(method)", xLabel: "Agent steps", yLabel: "Mean return", series: series)
    }
}

/// The metrics that have a name for readers.
public enum Metric {
    /// Mean return of an evaluation's episodes.
    public static let evaluationReturn = "eval/mean_reward"
    /// Mean return of the last training episodes.
    public static let trainingReturn = "rollout/ep_rew_mean"

    /// What an axis calls a metric.
    public static func axisLabel(_ metric: String) -> String {
        switch metric {
        case evaluationReturn: "Mean evaluation return"
        case trainingReturn: "Mean training return"
        default: metric
        }
    }
}
