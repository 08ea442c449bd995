package import DQNModel

/// The result of taking one action for several frames.
package struct FrameOutcome: Sendable, Equatable {
    /// The outcome of the last frame, with the sum of the rewards.
    package var outcome: StepOutcome
    /// The frames taken: fewer than asked for if the episode has ended.
    package var frames: Int

    /// Creates a result.
    package init(outcome: StepOutcome, frames: Int) {
        self.outcome = outcome
        self.frames = frames
    }
}

/// An environment that takes one action for several frames in one call, faster than in as many calls of `step`.
///
/// A reference: wrappers keep it beside the environment inside them.
package protocol FrameTaking: AnyObject {
    /// Takes an action until the episode ends, at most for a number of frames; everything else is as after as many
    /// calls of ``Environment/step(_:)``.
    ///
    /// - Parameter keepingTwo: whether ``observeMaximum(into:)`` comes next, if no frame is missing.
    /// - Throws: as `step`.
    /// - Precondition: `count` is at least 2 and at most 1,000,000; observations are bytes if two are kept.
    func takeFrames(_ action: Int, atMost count: Int, keepingTwo: Bool) throws -> FrameOutcome

    /// Writes the larger byte of the last two observations at each place.
    func observeMaximum(into observation: inout Observation)
}

extension Environment {
    /// What takes frames for this environment, if each of its steps is one of those; `nil` if they must be taken singly.
    ///
    /// - Parameter keepingTwo: whether the observations of two frames count, not only the last one.
    func frameTaker(keepingTwo: Bool) -> (any FrameTaking)? {
        if let taker = self as? any FrameTaking { return taker }
        return (self as? any EnvironmentWrapper)?.innerFrameTaker(keepingTwo: keepingTwo)
    }
}
