public import DQNModel

/// Repeats each action, adds the rewards up, and shows the last observation: `action-repeat:4`.
///
/// With `action-repeat:4,max` it shows the larger of each pixel of the last two, since Atari draws some objects in every
/// other frame only. An episode that ends before the last repetition shows its last observation alone, and so does one
/// that has just begun.
public struct ActionRepeat: EnvironmentWrapper {
    /// The environment inside.
    public var inner: any Environment
    /// How often an action is taken.
    public let count: Int
    /// Whether each pixel is the larger of the last two observations'.
    public let takesMaximum: Bool
    /// `action-repeat:4` or `action-repeat:4,max`.
    public let text: String
    /// The inner environment's, of ``count`` times as many frames a step.
    public let specification: EnvironmentSpecification
    /// Fewer than the inner environment's, as many times as each action is taken.
    public var stepsPerSecond: Double { inner.stepsPerSecond / Double(count) }
    private var shown: Observation
    private var before: Observation

    /// Puts the wrapper around an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for the maximum of observations that are no bytes, or that lie
    ///   several frames apart.
    /// - Precondition: `count` is positive.
    public init(
        _ environment: any Environment, count: Int, takesMaximum: Bool = false
    ) throws(EnvironmentError) {
        precondition(count > 0, "an action is taken once at least")
        text = WrapperSetting.actionRepeat(count: count, takesMaximum: takesMaximum).text
        var specification = environment.specification
        let space = specification.observationSpace
        guard !takesMaximum || space.element == .uint8 else {
            throw .unfit(text, environment, "its observations are no bytes; leave ',max' out")
        }
        guard !takesMaximum || specification.framesPerStep == 1 else {
            let frames = specification.framesPerStep
            throw .unfit(
                text, environment,
                "it takes \(frames) frames a step already; make it with --env-set frameskip=1, or leave ',max' out")
        }
        specification.framesPerStep *= count
        specification.maximumEpisodeSteps = specification.maximumEpisodeSteps.map { ($0 + count - 1) / count }
        self.specification = specification
        self.count = count
        self.takesMaximum = takesMaximum
        inner = environment
        shown = Observation(zerosOf: takesMaximum ? space : ObservationSpace(shape: [0], element: .uint8))
        before = shown
    }

    /// Resets the inner environment.
    public mutating func reset(seed: UInt64?) throws {
        try inner.reset(seed: seed)
        if takesMaximum { inner.observe(into: &shown) }
    }

    /// Takes the action ``count`` times, or until the episode ends.
    ///
    /// - Returns: the last outcome with the sums of the rewards.
    public mutating func step(_ action: Int) throws -> StepOutcome {
        var outcome = try inner.step(action)
        var (reward, rawReward) = (outcome.reward, outcome.rawReward)
        var taken = 1
        while taken < count, !outcome.ended {
            if takesMaximum, taken == count - 1 { inner.observe(into: &before) }
            outcome = try inner.step(action)
            reward += outcome.reward
            rawReward += outcome.rawReward
            taken += 1
        }
        if takesMaximum {
            inner.observe(into: &shown)
            if taken == count, count > 1 { takeMaximum() }
        }
        outcome.reward = reward
        outcome.rawReward = rawReward
        return outcome
    }

    private mutating func takeMaximum() {
        before.withBytes { before in
            shown.withMutableBytes { shown in
                for index in shown.indices { shown[index] = max(shown[index], before[index]) }
            }
        }
    }

    /// Shows the last observation, or the maximum of the last two.
    public func observe(into observation: inout Observation) {
        guard takesMaximum else { return inner.observe(into: &observation) }
        shown.withBytes { shown in observation.withMutableBytes { $0.copyMemory(from: shown) } }
    }

    /// The inner state and, where it is a maximum, the observation as `shown`.
    public func snapshot() throws -> StateSnapshot? {
        try snapshot(with: takesMaximum ? ["shown": .uint8(shown.bytes)] : [:])
    }

    /// Goes back to a snapshot's state.
    public mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = takesMaximum ? try snapshot.uint8("shown", count: shown.bytes.count) : []
        try inner.restore(state)
        if takesMaximum { shown.withMutableBytes { $0.copyBytes(from: stored) } }
    }
}
