internal import DQNModel

/// The progress of an episode: the part of the state that all environments share.
struct EpisodeProgress: Sendable, Equatable {
    /// The phase of an episode; the raw values are stored in snapshots.
    enum Phase: UInt8, Sendable {
        case beforeFirstReset = 0
        case running = 1
        case ended = 2
    }

    /// The largest count of steps in a snapshot.
    private static let largestCount = 1 << 53

    /// Steps taken in this episode.
    private(set) var elapsedSteps = 0
    /// The phase, which decides whether steps may be taken.
    private(set) var phase = Phase.beforeFirstReset

    /// Begins an episode.
    mutating func begin() {
        elapsedSteps = 0
        phase = .running
    }

    /// Ends the episode without a step, after a failure of the environment.
    mutating func abandon() { phase = .ended }

    /// Checks that a step may be taken with an action.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidAction` or `resetNeeded`).
    @inline(__always)
    func check(_ action: Int, of specification: @autoclosure () -> EnvironmentSpecification, actions: Int)
        throws(EnvironmentError)
    {
        if phase == .running, action >= 0, action < actions { return }
        throw refusal(of: action, specification())
    }

    /// Counts a step and returns whether the limit truncates the episode.
    @inline(__always)
    mutating func advance(terminated: Bool, limit: Int?) -> Bool {
        elapsedSteps += 1
        let truncated = limit.map { elapsedSteps >= $0 } ?? false
        if terminated || truncated { phase = .ended }
        return truncated
    }

    /// Counts several steps at once, of which only the last may have ended the episode.
    mutating func advance(by steps: Int, ended: Bool) {
        elapsedSteps += steps
        if ended { phase = .ended }
    }

    private func refusal(of action: Int, _ specification: EnvironmentSpecification) -> EnvironmentError {
        let name = specification.id
        switch phase {
        case .beforeFirstReset:
            return EnvironmentError(
                code: .resetNeeded, message: "\(name) needs a reset before its first step; call reset(seed:).")
        case .ended:
            return EnvironmentError(
                code: .resetNeeded,
                message: "\(name) needs a reset after the end of an episode; call reset(seed:).")
        case .running:
            let meanings = specification.actionMeanings.enumerated().map { "\($0) (\($1))" }.joined(separator: ", ")
            return EnvironmentError(
                code: .invalidAction, message: "\(name) has no action \(action); its actions are \(meanings).")
        }
    }
}

extension EpisodeProgress {
    /// Adds the progress to a snapshot's values.
    func store(in values: inout [String: StateSnapshot.Value]) {
        values["elapsed_steps"] = .int64([Int64(elapsedSteps)])
        values["phase"] = .uint8([phase.rawValue])
    }

    /// Reads the progress from a snapshot.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) for a negative count, one beyond `limit`, or an
    ///   unknown phase.
    init(restoring snapshot: StateSnapshot, limit: Int) throws(ModelError) {
        let steps = try snapshot.int64("elapsed_steps", count: 1)[0]
        let code = try snapshot.uint8("phase", count: 1)[0]
        // Adding to the count must not overflow, whatever the limit.
        let limit = min(limit, Self.largestCount)
        guard let phase = Phase(rawValue: code), steps >= 0, steps <= limit, phase != .running || steps < limit else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "A snapshot of \(snapshot.kind) must have phase 0, 1 or 2 and at most \(limit) steps; "
                    + "found phase \(code) at step \(steps).")
        }
        elapsedSteps = Int(steps)
        self.phase = phase
    }
}
