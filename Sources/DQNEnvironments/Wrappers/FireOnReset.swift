package import DQNModel

/// Presses FIRE at the start of an episode, for games that wait for it: `fire-on-reset`.
///
/// As in the Atari wrappers of Stable-Baselines3 and CleanRL, a reset takes FIRE and then action 2; the rewards of these
/// steps are not counted. Inside it, ``EpisodicLife`` makes each life an episode. Where the loss of a life does not end
/// the episode, as in evaluations and games, the wrapper presses FIRE within the step that loses it: a policy that was
/// trained with the wrapper has never learned to serve. The rewards of those steps count.
package struct FireOnReset: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// `fire-on-reset`.
    package var text: String { WrapperSetting.fireOnReset.text }
    /// The actions that start the game.
    private let actions: [Int]
    /// The lives after the last step or reset.
    private var last: Int?

    /// Wraps an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) unless the environment has an action `fire` and at least three
    ///   actions.
    package init(_ environment: any Environment) throws(EnvironmentError) {
        guard Self.fits(environment.specification) else {
            throw .unfit(
                WrapperSetting.fireOnReset.text, environment,
                "its action 1 is not 'fire', or it has fewer than 3 actions"
            )
        }
        actions = [1, 2]
        inner = environment
    }

    /// Whether a game has the actions that the wrapper takes.
    package static func fits(_ environment: EnvironmentSpecification) -> Bool {
        environment.actionCount > 2 && environment.actionMeanings[1].lowercased() == "fire"
    }

    /// Resets the inner environment and starts the game; if these steps end its episode, it is reset again.
    package mutating func reset(seed: UInt64?) throws {
        try inner.reset(seed: seed)
        for action in actions where try inner.step(action).ended { try inner.reset(seed: nil) }
        last = inner.lives
    }

    /// Steps the inner environment; starts the game again if a life is lost.
    package mutating func step(_ action: Int) throws -> StepOutcome {
        var outcome = try inner.step(action)
        if let before = last, let lives = inner.lives, lives < before {
            for action in actions where !outcome.ended {
                let (reward, rawReward) = (outcome.reward, outcome.rawReward)
                outcome = try inner.step(action)
                outcome.reward += reward
                outcome.rawReward += rawReward
            }
        }
        last = inner.lives
        return outcome
    }

    /// The inner state, and the lives after the last step as `lives`.
    package func snapshot() throws -> StateSnapshot? {
        try snapshot(with: ["lives": .int64(last.map { [Int64($0)] } ?? [])])
    }

    /// Restores a snapshot.
    package mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        guard case .int64(let stored)? = snapshot.values["lives"], stored.count <= 1,
            stored.allSatisfy({ (0...Int64(Int32.max)).contains($0) })
        else {
            throw ModelError(
                code: .invalidSnapshot, message: "A snapshot of \(text) must have the number of lives, or none.")
        }
        try inner.restore(state)
        last = stored.first.map { Int($0) }
    }
}
