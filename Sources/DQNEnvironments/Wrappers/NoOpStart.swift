public import DQNModel

/// Begins each episode with 1 to N steps of action 0, which does nothing: `no-op-start:30` (Mnih 2015).
///
/// Their number is drawn from a stream of the wrapper's own, which the seed of a reset begins anew. Steps, rewards and
/// frames of the beginning are nobody's: they are not counted.
public struct NoOpStart: EnvironmentWrapper {
    /// The environment inside.
    public var inner: any Environment
    /// The most steps.
    public let most: Int
    /// `no-op-start:30`.
    public let text: String
    private var random = NoOpStart.stream(seed: 0)

    /// Puts the wrapper around an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) unless action 0 is `noop`.
    /// - Precondition: `most` is positive.
    public init(_ environment: any Environment, most: Int) throws(EnvironmentError) {
        precondition(most > 0, "an episode begins with a step of nothing at least")
        text = WrapperSetting.noOpStart(most: most).text
        let first = environment.specification.actionMeanings.first ?? ""
        guard first.lowercased() == "noop" else {
            throw .unfit(text, environment, "its action 0 is '\(first)', not 'noop'")
        }
        self.most = most
        inner = environment
    }

    private static func stream(seed: UInt64) -> RandomGenerator { RandomGenerator(seed: seed, stream: "no-op-start") }

    /// Resets the inner environment and lets it go on by itself for a while; where that ends its episode, it is reset
    /// again.
    public mutating func reset(seed: UInt64?) throws {
        if let seed { random = Self.stream(seed: seed) }
        try inner.reset(seed: seed)
        let steps = 1 + random.integer(below: most)
        for _ in 0..<steps {
            if try inner.step(0).ended { try inner.reset(seed: nil) }
        }
    }

    /// The inner state and the stream, `random`.
    public func snapshot() throws -> StateSnapshot? { try snapshot(with: ["random": .uint64(random.words)]) }

    /// Goes back to a snapshot's state.
    public mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = try RandomGenerator(restoring: snapshot.uint64("random", count: 4))
        try inner.restore(state)
        random = stored
    }
}
