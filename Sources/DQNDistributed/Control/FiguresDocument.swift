internal import DQNLearning
package import DQNTraining

/// A worker's figures as a process sends them to the chief.
package struct FiguresDocument: Codable, Sendable, Equatable {
    package var worker: Int
    package var isActive: Bool
    package var agentSteps: Int
    package var statistics: [String: Double]
    package var recentReturns: [Double]
    package var recentLengths: [Int]
    package var epsilon: Double?

    enum CodingKeys: String, CodingKey {
        case worker, statistics, epsilon
        case isActive = "active"
        case agentSteps = "agent_steps"
        case recentReturns = "recent_returns"
        case recentLengths = "recent_lengths"
    }

    package init(_ figures: WorkerFigures) {
        worker = figures.index
        isActive = figures.isActive
        agentSteps = figures.agentSteps
        statistics = figures.statistics?.values ?? [:]
        recentReturns = figures.recentReturns
        recentLengths = figures.recentLengths
        epsilon = figures.epsilon
    }

    /// The figures; another host may send anything, so they are held to what a file may contain.
    ///
    /// - Throws: ``ClusterError`` (`malformedMessage`).
    package func figures() throws(ClusterError) -> WorkerFigures {
        guard agentSteps >= 0, recentReturns.count <= 1_000, recentReturns.count == recentLengths.count,
            statistics.count <= 1_000, statistics.values.allSatisfy(\.isFinite)
        else { throw .malformed("the figures of worker \(worker) are none") }
        return WorkerFigures(
            index: worker, isActive: isActive, agentSteps: agentSteps, statistics: TrainingStatistics(statistics),
            recentReturns: recentReturns, recentLengths: recentLengths, epsilon: epsilon)
    }
}
