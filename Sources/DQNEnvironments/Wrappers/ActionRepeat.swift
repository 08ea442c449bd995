package import DQNModel

/// Repeats each action, sums the rewards and shows the last observation: `action-repeat:4`.
///
/// `action-repeat:4,max` shows the maximum of each pixel over the last two observations, since Atari draws some objects
/// in every other frame only. If the episode ends before the last repetition, and after a reset, it shows the last
/// observation alone.
package struct ActionRepeat: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// How many times each action is taken.
    package let count: Int
    /// Whether each pixel is the maximum over the last two observations.
    package let takesMaximum: Bool
    /// `action-repeat:4` or `action-repeat:4,max`.
    package let text: String
    /// The specification of the inner environment, with ``count`` times as many frames per step.
    package let specification: EnvironmentSpecification
    /// The rate of the inner environment divided by ``count``.
    package var stepsPerSecond: Double { inner.stepsPerSecond / Double(count) }
    /// The largest number of frames that an action may take in all.
    private static let mostFrames = 1_000_000
    /// Takes all repetitions in one call, if the inner environment can.
    private let taker: (any FrameTaking)?
    private var shown: Observation
    private var before: Observation

    /// Wraps an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for the maximum of observations that are not bytes, or are
    ///   several frames apart.
    /// - Precondition: `count` is positive.
    package init(
        _ environment: any Environment, count: Int, takesMaximum: Bool = false
    ) throws(EnvironmentError) {
        precondition(count > 0, "each action is taken at least once")
        text = WrapperSetting.actionRepeat(count: count, takesMaximum: takesMaximum).text
        var specification = environment.specification
        let space = specification.observationSpace
        guard !takesMaximum || space.element == .uint8 else {
            throw .unfit(text, environment, "its observations are not bytes; omit ',max'")
        }
        guard !takesMaximum || specification.framesPerStep == 1 else {
            let frames = specification.framesPerStep
            throw .unfit(
                text, environment,
                "it already takes \(frames) frames per step; create it with --env-set frameskip=1, or omit ',max'")
        }
        let (frames, overflows) = specification.framesPerStep.multipliedReportingOverflow(by: count)
        guard !overflows, frames <= Self.mostFrames else {
            throw .unfit(
                text, environment,
                "an action would take more than \(Self.mostFrames) frames with the wrappers inside; repeat it less often"
            )
        }
        specification.framesPerStep = frames
        specification.maximumEpisodeSteps = specification.maximumEpisodeSteps.map { ($0 + count - 1) / count }
        self.specification = specification
        self.count = count
        self.takesMaximum = takesMaximum
        taker = count > 1 ? environment.frameTaker(keepingTwo: takesMaximum) : nil
        inner = environment
        shown = Observation(zerosOf: takesMaximum ? space : ObservationSpace(shape: [0], element: .uint8))
        before = shown
    }

    /// All repetitions, if the inner environment takes them in one call.
    package var innerPreparation: StepPreparation? {
        guard let taker = taker as? any StepPreparing else { return inner.stepPreparation }
        return StepPreparation(taker, frames: count, keepsTwo: takesMaximum)
    }

    /// Resets the inner environment.
    package mutating func reset(seed: UInt64?) throws {
        try inner.reset(seed: seed)
        if takesMaximum { inner.observe(into: &shown) }
    }

    /// Takes the action ``count`` times, or until the episode ends.
    ///
    /// - Returns: the last outcome, with the sum of the rewards.
    package mutating func step(_ action: Int) throws -> StepOutcome {
        if let taker { return try step(action, taker) }
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

    private mutating func step(_ action: Int, _ taker: any FrameTaking) throws -> StepOutcome {
        let result = try taker.takeFrames(action, atMost: count, keepingTwo: takesMaximum)
        guard takesMaximum else { return result.outcome }
        if result.frames == count { taker.observeMaximum(into: &shown) } else { inner.observe(into: &shown) }
        return result.outcome
    }

    private mutating func takeMaximum() {
        before.withBytes { before in
            shown.withMutableBytes { shown in
                for index in shown.indices { shown[index] = max(shown[index], before[index]) }
            }
        }
    }

    /// Writes the last observation, or the maximum of the last two.
    package func observe(into observation: inout Observation) {
        guard takesMaximum else { return inner.observe(into: &observation) }
        shown.withBytes { shown in observation.withMutableBytes { $0.copyMemory(from: shown) } }
    }

    /// The inner state and, with a maximum, the observation as `shown`.
    package func snapshot() throws -> StateSnapshot? {
        try snapshot(with: takesMaximum ? ["shown": .uint8(shown.bytes)] : [:])
    }

    /// Restores a snapshot.
    package mutating func restore(_ snapshot: StateSnapshot) throws {
        let state = try innerSnapshot(of: snapshot)
        let stored = takesMaximum ? try snapshot.uint8("shown", count: shown.bytes.count) : []
        try inner.restore(state)
        if takesMaximum { shown.withMutableBytes { $0.copyBytes(from: stored) } }
    }
}
