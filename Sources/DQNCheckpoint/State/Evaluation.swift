/// An evaluation: greedy or nearly greedy episodes in a separate environment.
public struct Evaluation: Sendable, Equatable, Codable {
    /// Agent steps of training before the evaluation.
    public var agentSteps: Int
    /// Mean undiscounted return of the episodes.
    public var meanReturn: Double
    /// Population standard deviation of the returns.
    public var standardDeviation: Double
    /// Number of episodes.
    public var episodes: Int
    // Keys for programs that encode this value; checkpoints and the JSON output of the executables use others.
    private enum CodingKeys: String, CodingKey { case agentSteps, meanReturn, standardDeviation, episodes }

    /// Creates an evaluation.
    public init(agentSteps: Int, meanReturn: Double, standardDeviation: Double, episodes: Int) {
        self.agentSteps = agentSteps
        self.meanReturn = meanReturn
        self.standardDeviation = standardDeviation
        self.episodes = episodes
    }
}
