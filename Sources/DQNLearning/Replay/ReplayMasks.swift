internal import DQNModel

/// The action masks of a replay: for each step, a byte for each action, 1 if the observation after the step allows it.
///
/// The column exists once an observation has a mask. Zeros restrict nothing.
final class ReplayMasks {
    /// The name of the column in a snapshot.
    static let columnName = ReplaySnapshot.nextActionMasks

    private let ring: ReplayRing
    private let zeros: [UInt8]

    private init(actionCount: Int, capacity: Int, chunkLength: Int) {
        zeros = [UInt8](repeating: 0, count: actionCount)
        ring = ReplayRing(
            name: Self.columnName, element: .uint8, shape: [actionCount], capacity: capacity, chunkLength: chunkLength)
    }

    /// Creates the column; the first `count` slots have no mask.
    convenience init(actionCount: Int, count: Int, capacity: Int, chunkLength: Int) {
        self.init(actionCount: actionCount, capacity: capacity, chunkLength: chunkLength)
        for slot in 0..<count { clear(slot) }
    }

    /// Restores the column of a stored replay, if it has one.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if the column does not have a byte for each action.
    convenience init?(restoring snapshot: ReplaySnapshot, capacity: Int, chunkLength: Int) throws(ModelError) {
        guard let column = snapshot.columns.first(where: { $0.name == Self.columnName }) else { return nil }
        guard column.shape.count == 1, column.shape[0] > 0 else {
            throw .invalid("The stored replay has a column '\(Self.columnName)' without one byte for each action.")
        }
        self.init(actionCount: column.shape[0], capacity: capacity, chunkLength: chunkLength)
        try ring.restore(snapshot)
    }

    /// Reads the masks without reference counting.
    var slots: ReplaySlots { ring.slots }
    var column: ReplaySnapshot.Column { ring.column }

    /// Writes the mask of the observation after a slot's step.
    func write(_ mask: [Bool], _ slot: Int) {
        // A `Bool` is a byte, 0 or 1.
        mask.withUnsafeBytes { ring.write(slot, $0) }
    }

    /// Writes zeros.
    func clear(_ slot: Int) { zeros.withUnsafeBytes { ring.write(slot, $0) } }
}

extension ReplayMemory {
    /// Writes the mask of the observation after a slot's step; the first mask creates the column.
    func writeMask(_ mask: [Bool], _ slot: Int) {
        let masks =
            masks
            ?? ReplayMasks(actionCount: mask.count, count: count, capacity: capacity, chunkLength: frames.chunkLength)
        self.masks = masks
        masks.write(mask, slot)
    }
}
