public import DQNModel

// Until the trainer uses the new name; then this file goes.

/// The former name of ``ReplayMemory``.
public typealias UniformReplay = ReplayMemory

extension ReplayMemory {
    /// A uniform replay of single steps whose reader discounts them itself.
    public convenience init(capacity: Int, frame: ObservationSpace, frameStack: Int) {
        self.init(capacity: capacity, frame: frame, frameStack: frameStack, discount: 1)
    }

    /// Restores a uniform replay of single steps whose reader discounts them itself.
    public convenience init(
        restoring snapshot: ReplaySnapshot, capacity: Int, frame: ObservationSpace, frameStack: Int
    ) throws(ModelError) {
        try self.init(restoring: snapshot, capacity: capacity, frame: frame, frameStack: frameStack, discount: 1)
    }
}
