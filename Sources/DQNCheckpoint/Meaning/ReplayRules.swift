internal import DQNModel

/// The ring and the columns of a replay are consistent. ``ReplayContent`` checks their elements.
enum ReplayRules {
    /// Checks the ring, before any column.
    static func checkRing(_ ring: ReplaySnapshot, _ path: String) throws(CheckpointError) {
        guard CountRange.valid.contains(ring.capacity), ring.count >= 1, ring.count <= ring.capacity,
            ring.cursor >= 0,
            ring.cursor < ring.count, (1...(1 << 30)).contains(ring.chunkLength),
            ring.count == ring.capacity || ring.cursor == ring.count - 1
        else {
            throw .broken(
                .replay,
                "/\(path) has an invalid ring: capacity \(ring.capacity), count \(ring.count), "
                    + "cursor \(ring.cursor), chunks of \(ring.chunkLength).")
        }
    }

    /// The columns that every replay has.
    static let requiredColumns: Set = ["frames", "actions", "rewards", "flags"]

    /// The column of observations.
    static let frames = "frames"

    /// The column of priorities.
    static let priorities = "priorities"

    /// The column of the actions that the state after each step allows.
    static let nextActionMasks = ReplaySnapshot.nextActionMasks

    /// Checks the ring and the types and shapes of its columns; rules 15, 18 and 24.
    ///
    /// - Parameter optional: The optional columns to which the version gives a meaning.
    static func check(
        _ snapshot: ReplaySnapshot, _ path: String, actions actionCount: Int, optional: Set<String>
    ) throws(CheckpointError) {
        try checkRing(snapshot, path)
        guard snapshot.columns.contains(where: { $0.name == "frames" }) else {
            throw .broken(.replay, "/\(path)/frames is missing.")
        }
        for (name, element) in [("flags", ElementType.uint8), ("actions", .int32), ("rewards", .float32)] {
            try requireScalars(name, element, snapshot, path, .replay)
        }
        for column in snapshot.columns where optional.contains(column.name) {
            if column.name == priorities { try requireScalars(priorities, .float64, snapshot, path, .priorities) }
            guard column.name != nextActionMasks || column.element == .uint8 && column.shape == [actionCount] else {
                throw .broken(
                    .masks,
                    "/\(path)/\(column.name) has \(column.element.rawValue) \(column.shape) per slot, but the network "
                        + "needs uint8 [\(actionCount)].")
            }
        }
    }

    /// Throws unless a column exists and has one element per slot.
    private static func requireScalars(
        _ name: String, _ element: ElementType, _ snapshot: ReplaySnapshot, _ path: String, _ rule: Rule
    ) throws(CheckpointError) {
        guard let column = snapshot.columns.first(where: { $0.name == name }), column.element == element,
            column.shape.isEmpty
        else { throw .broken(rule, "/\(path)/\(name) is missing or does not have one \(element.rawValue) per slot.") }
    }
}
