internal import DQNLearning

/// What one worker has done since the last row of the metrics.
public struct WorkerReport: Sendable, Equatable {
    /// Which worker.
    public let index: Int
    /// Agent steps that it has taken since its beginning.
    public let agentSteps: Int
    /// Mean return of its last hundred episodes; NaN before the first has ended.
    public let meanReturn: Double
    /// Its gradient updates since the last row.
    public let updates: Int
    /// Mean age of its gradients in updates of all workers; `nil` where nothing is copied.
    public let staleness: Double?
    /// Its probability of a random action, where the method has one.
    public let epsilon: Double?

    init(_ worker: Worker, total: Int) {
        index = worker.index
        agentSteps = worker.agentSteps
        let returns = worker.recentReturns
        meanReturn = returns.reduce(0, +) / Double(returns.count)
        let statistics = worker.learner.statistics
        updates = Int(statistics.updates)
        staleness = statistics.row["train/staleness"]
        epsilon = worker.explorationRate(at: total)
    }
}
