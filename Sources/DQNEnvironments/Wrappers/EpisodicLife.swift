public import DQNModel

/// Ends an episode where a life is lost, for learning alone: `episodic-life` (Mnih 2015); in training only.
///
/// The step that loses a life is terminated, so that nothing is bootstrapped across it, and
/// ``StepOutcome/endsForLearningOnly``. The next `reset(seed: nil)` then leaves the game as it stands, and its last
/// observation is the next episode's first; with a seed, or after the game's end, a new game begins. The loss of the last
/// life is left to the game itself, which in some games goes on for some frames.
public struct EpisodicLife: EnvironmentWrapper {
    /// The environment inside.
    public var inner: any Environment
    /// `episodic-life`.
    public var text: String { WrapperSetting.episodicLife.text }
    /// Lives after the last step or reset.
    private var last = 0
    /// Whether a life was lost and the game waits for a reset to go on.
    private var waits = false

    /// Puts the wrapper around an environment that counts lives.
    public init(_ environment: any Environment) { inner = environment }

    /// Goes on with the game after the loss of a life, and begins a new one otherwise.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for an environment that counts no lives.
    public mutating func reset(seed: UInt64?) throws {
        if waits, seed == nil {
            waits = false
            return
        }
        try inner.reset(seed: seed)
        guard let lives = inner.lives else {
            throw EnvironmentError.unfit(text, inner, "it counts no lives; leave it out")
        }
        (last, waits) = (lives, false)
    }

    /// Steps the game and looks at its lives.
    public mutating func step(_ action: Int) throws -> StepOutcome {
        guard !waits else {
            throw EnvironmentError(
                code: .resetNeeded,
                message: "\(specification.id) cannot be stepped after the loss of a life; call reset(seed:).")
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

    /// The inner state, and `lives`: how many, and 1 where the game waits for a reset.
    public func snapshot() throws -> StateSnapshot? {
        try snapshot(with: ["lives": .int64([Int64(last), waits ? 1 : 0])])
    }

    /// Goes back to a snapshot's state.
    public mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = try snapshot.int64("lives", count: 2)
        guard stored[0] >= 0, stored[0] <= Int64(Int32.max), (0...1).contains(stored[1]) else {
            throw ModelError(
                code: .invalidSnapshot, message: "A snapshot of \(text) has lives and 0 or 1; found \(stored).")
        }
        try inner.restore(state)
        (last, waits) = (Int(stored[0]), stored[1] == 1)
    }
}
