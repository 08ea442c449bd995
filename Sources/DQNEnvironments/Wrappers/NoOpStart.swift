package import DQNModel

/// Begins each episode with 1 to N steps of action 0, which does nothing: `no-op-start:30` (Mnih 2015).
///
/// Their number comes from the wrapper's own random stream, which the seed of a reset restarts. These steps, their
/// rewards and their frames are not counted.
package struct NoOpStart: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// The largest number of steps.
    package let most: Int
    /// `no-op-start:30`.
    package let text: String
    /// Takes several steps in one call, if the inner environment can.
    private let taker: (any FrameTaking)?
    private var random = NoOpStart.stream(seed: 0)

    /// Wraps an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) unless action 0 is `noop`.
    /// - Precondition: `most` is positive.
    package init(_ environment: any Environment, most: Int) throws(EnvironmentError) {
        precondition(most > 0, "an episode begins with at least one step")
        text = WrapperSetting.noOpStart(most: most).text
        let first = environment.specification.actionMeanings.first ?? ""
        guard first.lowercased() == "noop" else {
            throw .unfit(text, environment, "its action 0 is '\(first)', not 'noop'")
        }
        self.most = most
        taker = environment.frameTaker(keepingTwo: false)
        inner = environment
    }

    /// Steps and observations pass through.
    package func innerFrameTaker(keepingTwo: Bool) -> (any FrameTaking)? { inner.frameTaker(keepingTwo: keepingTwo) }

    private static func stream(seed: UInt64) -> RandomGenerator { RandomGenerator(seed: seed, stream: "no-op-start") }

    /// Resets the inner environment and takes the steps; if they end its episode, it is reset again.
    package mutating func reset(seed: UInt64?) throws {
        if let seed { random = Self.stream(seed: seed) }
        try inner.reset(seed: seed)
        var left = 1 + random.integer(below: most)
        while left > 0 {
            let (ended, frames) = try takeNothing(left)
            if ended { try inner.reset(seed: nil) }
            left -= frames
        }
    }

    /// Takes action 0 up to a number of times.
    private mutating func takeNothing(_ count: Int) throws -> (ended: Bool, frames: Int) {
        guard count > 1, let taker else { return (try inner.step(0).ended, 1) }
        let result = try taker.takeFrames(0, atMost: count, keepingTwo: false)
        return (result.outcome.ended, result.frames)
    }

    /// The inner state, and the random stream as `random`.
    package func snapshot() throws -> StateSnapshot? { try snapshot(with: ["random": .uint64(random.words)]) }

    /// Restores a snapshot.
    package mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = try RandomGenerator(restoring: snapshot.uint64("random", count: 4))
        try inner.restore(state)
        random = stored
    }
}
