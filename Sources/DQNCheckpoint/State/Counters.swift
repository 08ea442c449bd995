/// What a run has counted. Schedules are functions of these.
public struct Counters: Sendable, Equatable, Codable {
    /// Actions taken in training environments, all workers together.
    public var agentSteps = 0
    /// Environment frames: agent steps times the environment's action repeat.
    public var frames = 0
    /// Optimiser steps.
    public var gradientUpdates = 0
    /// Refreshes of the target network, whole or partial; the first copy is not counted.
    public var targetRefreshes = 0
    /// Training episodes that have ended.
    public var episodes = 0
    /// Evaluations made.
    public var evaluations = 0
    // The keys of the programs' JSON output; files have keys of their own.
    private enum CodingKeys: String, CodingKey {
        case agentSteps, frames, gradientUpdates, targetRefreshes, episodes, evaluations
    }

    /// Creates counters at zero.
    public init() {}
}
