internal import DQNModel

/// Rule 15: the ring and columns of a replay are consistent.
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

    /// The columns whose elements a rule restricts.
    static let columnsWithRules: Set = ["actions", "rewards", "flags", priorities, nextActionMasks]

    /// The column of priorities.
    static let priorities = "priorities"

    /// The column of the actions that the state after each step allows.
    static let nextActionMasks = ReplaySnapshot.nextActionMasks

    /// Whether the elements of the columns with rules are in memory, and not only located in the file.
    static func isRead(_ snapshot: ReplaySnapshot) -> Bool {
        snapshot.columns.allSatisfy { !columnsWithRules.contains($0.name) || !$0.chunks.isEmpty }
    }

    /// Checks a replay, and the elements of its columns if they are in memory.
    static func check(
        _ snapshot: ReplaySnapshot, _ path: String, actions actionCount: Int
    ) throws(CheckpointError) {
        try checkRing(snapshot, path)
        guard snapshot.columns.contains(where: { $0.name == "frames" }) else {
            throw .broken(.replay, "/\(path)/frames is missing.")
        }
        for (name, element) in [("flags", ElementType.uint8), ("actions", .int32), ("rewards", .float32)] {
            try requireScalars(name, element, snapshot, path, .replay)
        }
        if isRead(snapshot) { try checkContent(snapshot, path, actions: actionCount) }
    }

    private static func checkContent(
        _ snapshot: ReplaySnapshot, _ path: String, actions actionCount: Int
    ) throws(CheckpointError) {
        let chunks = (snapshot.count + snapshot.chunkLength - 1) / snapshot.chunkLength
        for column in snapshot.columns where !column.chunks.isEmpty {
            guard column.chunks.count >= chunks,
                column.chunks.allSatisfy({ $0.byteCount == snapshot.chunkLength * column.bytesPerSlot })
            else {
                throw .broken(
                    .replay, "/\(path)/\(column.name) is not divided into chunks of \(snapshot.chunkLength) slots.")
            }
        }
        let flags: [UInt8] = try scalars("flags", .uint8, snapshot, path, .replay)
        let actions: [Int32] = try scalars("actions", .int32, snapshot, path, .replay)
        // Rebuilding a frame stack may go back to slot 0; in a full ring that may be in the middle of an episode.
        if snapshot.count < snapshot.capacity, !ReplayFlags(rawValue: flags[0]).contains(.episodeStart) {
            throw .broken(.replay, "/\(path) is not full, but its first slot does not start an episode.")
        }
        for slot in 0..<snapshot.count {
            let flag = ReplayFlags(rawValue: flags[slot])
            // The newest observation and the final one of a truncated episode have no action.
            let isOpen = slot == snapshot.cursor || flag.contains(.final)
            guard flags[slot] < 16, isOpen ? actions[slot] == -1 : (0..<Int32(actionCount)).contains(actions[slot]),
                !(isOpen && (flag.contains(.terminated) || flag.contains(.truncated)))
            else {
                throw .broken(
                    .replay,
                    "/\(path) has invalid flags \(flags[slot]) with action \(actions[slot]) in slot \(slot).")
            }
        }
    }

    /// Returns a column, which must exist and have one element per slot.
    @discardableResult
    static func requireScalars(
        _ name: String, _ element: ElementType, _ snapshot: ReplaySnapshot, _ path: String, _ rule: Rule
    ) throws(CheckpointError) -> ReplaySnapshot.Column {
        guard let column = snapshot.columns.first(where: { $0.name == name }), column.element == element,
            column.shape.isEmpty
        else { throw .broken(rule, "/\(path)/\(name) is missing or does not have one \(element.rawValue) per slot.") }
        return column
    }

    /// Returns the values of a column with one element per slot.
    static func scalars<Value: BitwiseCopyable>(
        _ name: String, _ element: ElementType, _ snapshot: ReplaySnapshot, _ path: String, _ rule: Rule
    ) throws(CheckpointError) -> [Value] {
        let column = try requireScalars(name, element, snapshot, path, rule)
        var values: [Value] = []
        values.reserveCapacity(snapshot.count)
        snapshot.forEachRun(of: column) { values += $0.bindMemory(to: Value.self) }
        return values
    }
}
