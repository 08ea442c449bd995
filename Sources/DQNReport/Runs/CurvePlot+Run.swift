extension CurvePlot {
    /// Creates a plot of one run against agent steps: the mean return of each evaluation, with markers, and behind it the
    /// rolling mean return of the training episodes. Omits metrics that are not recorded yet.
    ///
    /// - Parameters:
    ///   - environment: the environment's id.
    ///   - method: the training method's name.
    ///   - agentSteps: the agent steps of each row.
    ///   - columns: the metrics by name, each as long as `agentSteps`. `eval/mean_reward` and `rollout/ep_rew_mean` are drawn.
    /// - Throws: ``ReportError``: `empty` if there are no values yet, `lengthMismatch`.
    package init(
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

/// The metrics with a readable name.
package enum Metric {
    /// The mean return of an evaluation's episodes.
    package static let evaluationReturn = "eval/mean_reward"
    /// The mean return of recent training episodes.
    package static let trainingReturn = "rollout/ep_rew_mean"

    /// Those that people plot most.
    package static let common = [evaluationReturn, trainingReturn, "train/loss", "train/q_mean", "time/fps"]

    /// Returns the axis label of a metric.
    package static func axisLabel(_ metric: String) -> String {
        switch metric {
        case evaluationReturn: "Mean evaluation return"
        case trainingReturn: "Mean training return"
        default: metric
        }
    }
}
