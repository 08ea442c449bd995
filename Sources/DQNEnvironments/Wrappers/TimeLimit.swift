public import DQNModel

/// Cuts episodes off after so many steps of what is inside: `time-limit:27000`.
///
/// The last step is truncated, not terminated: its final observation is bootstrapped from.
public struct TimeLimit: EnvironmentWrapper {
    /// The environment inside.
    public var inner: any Environment
    /// Steps after which an episode is cut off.
    public let steps: Int
    /// `time-limit:27000`.
    public let text: String
    /// The inner environment's, with the smaller of both limits.
    public let specification: EnvironmentSpecification
    private var progress = EpisodeProgress()

    /// Puts the wrapper around an environment.
    ///
    /// - Precondition: `steps` is positive.
    public init(_ environment: any Environment, steps: Int) {
        precondition(steps > 0, "an episode has a step at least")
        var specification = environment.specification
        specification.maximumEpisodeSteps = min(specification.maximumEpisodeSteps ?? steps, steps)
        self.specification = specification
        self.steps = steps
        text = WrapperSetting.timeLimit(steps: steps).text
        inner = environment
    }

    /// Resets the inner environment and the count.
    public mutating func reset(seed: UInt64?) throws {
        try inner.reset(seed: seed)
        progress.begin()
    }

    /// Steps the inner environment and counts.
    public mutating func step(_ action: Int) throws -> StepOutcome {
        try progress.check(action, of: specification, actions: specification.actionCount)
        var outcome = try inner.step(action)
        if progress.advance(terminated: outcome.ended, limit: steps) { outcome.truncated = true }
        return outcome
    }

    /// The inner state, `elapsed_steps` and `phase`.
    public func snapshot() throws -> StateSnapshot? {
        var own: [String: StateSnapshot.Value] = [:]
        progress.store(in: &own)
        return try snapshot(with: own)
    }

    /// Goes back to a snapshot's state.
    public mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = try EpisodeProgress(restoring: snapshot, limit: steps)
        try inner.restore(state)
        progress = stored
    }
}
