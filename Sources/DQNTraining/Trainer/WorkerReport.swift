internal import DQNLearning

/// The figures of one worker since the last row of metrics: a row of `workers.csv`.
struct WorkerReport: Sendable {
    /// The worker's number, from 0.
    let index: Int
    /// Agent steps that it has taken since its start.
    let agentSteps: Int
    /// Mean return of its last hundred episodes; NaN before the first one ends.
    let meanReturn: Double
    /// Its gradient updates since the last row.
    let updates: Int
    /// Mean age of its gradients, in updates of all workers; `nil` if it keeps no copy of the parameters.
    let staleness: Double?
    /// Its probability of a random action; `nil` for a method without one.
    let epsilon: Double?

    /// `nil` for a worker that does not run.
    init?(_ figures: WorkerFigures) {
        guard figures.isActive, let statistics = figures.statistics else { return nil }
        index = figures.index
        agentSteps = figures.agentSteps
        meanReturn = figures.recentReturns.reduce(0, +) / Double(figures.recentReturns.count)
        // A restored sum may be any number.
        updates = Int(exactly: statistics.updates.rounded()) ?? 0
        staleness = statistics.row["train/staleness"]
        epsilon = figures.epsilon
    }
}
