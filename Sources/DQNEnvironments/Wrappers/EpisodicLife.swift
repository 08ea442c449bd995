package import DQNModel

/// Ends an episode when a life is lost, for learning only: `episodic-life` (Mnih 2015); in training only.
///
/// The step that loses a life is terminated, to prevent bootstrapping across it, and
/// ``StepOutcome/endsForLearningOnly``. The next `reset(seed: nil)` then continues the game, and its last observation
/// is the first of the next episode; with a seed, or after the end of the game, a new game begins. Losing the last life
/// does not end the episode: the game ends it, perhaps some frames later.
package struct EpisodicLife: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// `episodic-life`.
    package var text: String { WrapperSetting.episodicLife.text }
    /// The lives after the last step or reset.
    private var last = 0
    /// Whether a life was lost and the game waits for a reset.
    private var waits = false

    /// Wraps an environment that counts lives.
    package init(_ environment: any Environment) { inner = environment }

    /// Continues the game after the loss of a life, and begins a new one otherwise.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) if the environment counts no lives.
    package mutating func reset(seed: UInt64?) throws {
        if waits, seed == nil {
            waits = false
            return
        }
        try inner.reset(seed: seed)
        guard let lives = inner.lives else {
            throw EnvironmentError.unfit(text, inner, "it counts no lives; remove the wrapper")
        }
        (last, waits) = (lives, false)
    }

    /// Steps the game and compares its lives.
    package mutating func step(_ action: Int) throws -> StepOutcome {
        guard !waits else {
            throw EnvironmentError(
                code: .resetNeeded,
                message: "\(specification.id) needs a reset after the loss of a life; call reset(seed:).")
        }
        var outcome = try inner.step(action)
        let lives = inner.lives ?? last
        if lives > 0, lives < last {
            waits = !outcome.ended
            outcome.endsForLearningOnly = waits
            outcome.terminated = true
        }
        last = lives
        return outcome
    }

    /// The inner state, and `lives`: their number, and 1 if the game waits for a reset.
    package func snapshot() throws -> StateSnapshot? {
        try snapshot(with: ["lives": .int64([Int64(last), waits ? 1 : 0])])
    }

    /// Restores a snapshot.
    package mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = try snapshot.int64("lives", count: 2)
        guard stored[0] >= 0, stored[0] <= Int64(Int32.max), (0...1).contains(stored[1]) else {
            throw ModelError(
                code: .invalidSnapshot, message: "A snapshot of \(text) must have lives and 0 or 1; found \(stored).")
        }
        try inner.restore(state)
        (last, waits) = (Int(stored[0]), stored[1] == 1)
    }
}
