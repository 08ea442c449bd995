/// A value that changes linearly over the first agent steps of a run and then stays constant.
///
/// It is a function of the step count alone, so that it has no state to save.
package struct LinearSchedule: Sendable {
    private let start: Double
    private let end: Double
    private let steps: Double

    /// Creates a schedule.
    ///
    /// - Parameters:
    ///   - start: The value at step 0.
    ///   - end: The value from step `steps` on.
    ///   - steps: The length of the change in agent steps; with 0 the value is `end` from the beginning.
    package init(from start: Double, to end: Double, over steps: Double) {
        self.start = start
        self.end = end
        self.steps = steps
    }

    /// Returns the value at an agent step.
    package func value(at step: Int) -> Double {
        Double(step) >= steps ? end : start + (end - start) * Double(step) / steps
    }
}
