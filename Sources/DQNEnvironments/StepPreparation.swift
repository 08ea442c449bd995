/// An environment that can begin a step before it is asked for the outcome, such as one in a process of its own: several
/// then work at the same time, without a thread for each.
package protocol StepPreparing: AnyObject {
    /// Begins the step that comes next: a call of `step`, or of ``FrameTaking/takeFrames(_:atMost:keepingTwo:)`` for more
    /// than one frame. Errors come from that call.
    ///
    /// A call of anything else first completes the step, whose outcome is lost.
    func prepareStep(_ action: Int, frames: Int, keepingTwo: Bool)
}

/// How the next step of an environment, with its wrappers, begins.
package struct StepPreparation {
    private let environment: any StepPreparing
    private let frames: Int
    private let keepsTwo: Bool

    init(_ environment: any StepPreparing, frames: Int = 1, keepsTwo: Bool = false) {
        self.environment = environment
        self.frames = frames
        self.keepsTwo = keepsTwo
    }

    /// Begins the step that the wrapped environment takes next, with this action.
    package func begin(_ action: Int) { environment.prepareStep(action, frames: frames, keepingTwo: keepsTwo) }
}

extension Environment {
    /// What begins a step of this environment early; `nil` if nothing can.
    package var stepPreparation: StepPreparation? {
        if let environment = self as? any StepPreparing { return StepPreparation(environment) }
        return (self as? any EnvironmentWrapper)?.innerPreparation
    }
}
