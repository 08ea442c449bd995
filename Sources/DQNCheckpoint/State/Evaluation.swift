/// One evaluation: greedy (or nearly greedy) episodes on an environment of its own.
public struct Evaluation: Sendable, Equatable, Codable {
    /// Agent steps of training when it was made.
    public var agentSteps: Int
    /// Mean undiscounted return over the episodes.
    public var meanReturn: Double
    /// Population standard deviation of the returns.
    public var standardDeviation: Double
    /// Episodes.
    public var episodes: Int
    // The keys of the programs' JSON output; files have keys of their own.
    private enum CodingKeys: String, CodingKey { case agentSteps, meanReturn, standardDeviation, episodes }

    /// Creates an evaluation's record.
    public init(agentSteps: Int, meanReturn: Double, standardDeviation: Double, episodes: Int) {
        self.agentSteps = agentSteps
        self.meanReturn = meanReturn
        self.standardDeviation = standardDeviation
        self.episodes = episodes
    }
}
