package import DQNModel

/// Truncates episodes after a number of steps of the inner environment: `time-limit:27000`.
///
/// The last step is truncated, not terminated: agents bootstrap from its final observation.
package struct TimeLimit: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// The number of steps after which an episode is truncated.
    package let steps: Int
    /// `time-limit:27000`.
    package let text: String
    /// The specification of the inner environment, with the smaller of both limits.
    package let specification: EnvironmentSpecification
    private var progress = EpisodeProgress()

    /// Wraps an environment.
    ///
    /// - Precondition: `steps` is positive.
    package init(_ environment: any Environment, steps: Int) {
        precondition(steps > 0, "an episode has at least one step")
        var specification = environment.specification
        specification.maximumEpisodeSteps = min(specification.maximumEpisodeSteps ?? steps, steps)
        self.specification = specification
        self.steps = steps
        text = WrapperSetting.timeLimit(steps: steps).text
        inner = environment
    }

    /// Resets the inner environment and the count.
    package mutating func reset(seed: UInt64?) throws {
        try inner.reset(seed: seed)
        progress.begin()
    }

    /// Steps the inner environment and counts.
    package mutating func step(_ action: Int) throws -> StepOutcome {
        try progress.check(action, of: specification, actions: specification.actionCount)
        var outcome = try inner.step(action)
        if progress.advance(terminated: outcome.ended, limit: steps) { outcome.truncated = true }
        return outcome
    }

    /// The inner state, `elapsed_steps` and `phase`.
    package func snapshot() throws -> StateSnapshot? {
        var own: [String: StateSnapshot.Value] = [:]
        progress.store(in: &own)
        return try snapshot(with: own)
    }

    /// Restores a snapshot.
    package mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = try EpisodeProgress(restoring: snapshot, limit: steps)
        try inner.restore(state)
        progress = stored
    }
}
