/// What a run has counted; schedules are functions of these.
public struct Counters: Sendable, Equatable, Codable {
    /// Actions taken in training environments by all workers.
    public var agentSteps = 0
    /// Environment frames: agent steps times the environment's action repeat.
    public var frames = 0
    /// Optimiser steps.
    public var gradientUpdates = 0
    /// Updates of the target network, full or partial; the initial copy does not count.
    public var targetRefreshes = 0
    /// Finished training episodes.
    public var episodes = 0
    /// Evaluations.
    public var evaluations = 0
    // Keys for programs that encode this value; checkpoints and the JSON output of the executables use others.
    private enum CodingKeys: String, CodingKey {
        case agentSteps, frames, gradientUpdates, targetRefreshes, episodes, evaluations
    }

    /// Creates counters at zero.
    public init() {}
}
