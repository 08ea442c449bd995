/// A value that moves linearly over the first agent steps of a run and then stays: a function of the step count
/// alone, so that nothing of it needs saving.
public struct LinearSchedule: Sendable, Equatable {
    /// The value at step 0.
    public let start: Double
    /// The value from step ``steps`` on.
    public let end: Double
    /// Agent steps of the way; 0 is at the end from the beginning.
    public let steps: Double

    /// Creates a schedule.
    public init(from start: Double, to end: Double, over steps: Double) {
        self.start = start
        self.end = end
        self.steps = steps
    }

    /// The value at an agent step.
    public func value(at step: Int) -> Double {
        Double(step) >= steps ? end : start + (end - start) * Double(step) / steps
    }
}
