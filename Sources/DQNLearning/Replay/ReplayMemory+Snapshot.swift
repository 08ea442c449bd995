public import DQNModel

extension ReplayMemory {
    /// The whole replay by value; copies no step.
    ///
    /// A snapshot always has an open slot at its cursor. One taken between two episodes, as when an environment could
    /// not be reset, has a blank observation there, which the next ``begin(_:)`` overwrites. Whoever restores a replay
    /// without its environment calls ``abandonEpisode()`` first, then ``begin(_:)``.
    ///
    /// The state that it does not hold is ``largestPriority``.
    public func snapshot() -> ReplaySnapshot {
        if !isOpen { write(UnsafeRawBufferPointer(blankFrame), .episodeStart) }
        var columns = [frames.column, actions.column, rewards.column, flags.column]
        if let priorities { columns.append(priorities.column) }
        return ReplaySnapshot(
            capacity: capacity, cursor: cursor, count: count, chunkLength: frames.chunkLength, columns: columns)
    }

    /// Restores a replay.
    ///
    /// - Parameters:
    ///   - snapshot: what ``snapshot()`` gave.
    ///   - capacity: slots, as of the snapshot.
    ///   - frame: the space of a single frame, as of the snapshot.
    ///   - frameStack: frames that an observation is stacked of.
    ///   - nStep: steps whose rewards are taken together; where there are priorities, as of the snapshot.
    ///   - discount: γ, from 0 to 1.
    ///   - prioritization: constants of prioritized sampling, there if and only if the snapshot has priorities.
    ///   - largestPriority: the largest |δ| + ε so far, kept beside the snapshot; needed with `prioritization`.
    /// - Throws: ``DQNModel/ModelError`` (`invalidSnapshot`) when a column is missing or of another type or shape, when
    ///   the ring's size differs, or when there are priorities that are not asked for or do not fit the steps.
    public convenience init(
        restoring snapshot: ReplaySnapshot, capacity: Int, frame: ObservationSpace, frameStack: Int, nStep: Int = 1,
        discount: Double, prioritization: PrioritizedReplayConfiguration? = nil, largestPriority: Double? = nil
    ) throws(ModelError) {
        guard snapshot.capacity == capacity, (1...capacity).contains(snapshot.count),
            (0..<snapshot.count).contains(snapshot.cursor),
            snapshot.count == capacity || snapshot.cursor == snapshot.count - 1
        else {
            throw .invalid(
                "The stored replay has \(snapshot.capacity) slots, \(snapshot.count) in use and its cursor at "
                    + "\(snapshot.cursor); this run needs \(capacity) slots.")
        }
        if prioritization != nil {
            guard let largestPriority, largestPriority.isFinite, largestPriority > 0 else {
                throw .invalid("The stored replay is prioritized, but its largest priority is missing or not positive.")
            }
        }
        self.init(
            capacity: capacity, frame: frame, frameStack: frameStack, nStep: nStep, discount: discount,
            prioritization: prioritization, largestPriority: largestPriority ?? 1)
        count = snapshot.count
        cursor = snapshot.cursor
        isOpen = true
        try frames.restore(snapshot)
        try actions.restore(snapshot)
        try rewards.restore(snapshot)
        try flags.restore(snapshot)
        guard count == capacity || flag(0).contains(.episodeStart) else {
            throw .invalid("The stored replay is not full, but its first slot starts no episode.")
        }
        try restorePriorities(snapshot)
    }

    private func restorePriorities(_ snapshot: ReplaySnapshot) throws(ModelError) {
        let name = ReplayPriorities.columnName
        guard let priorities else {
            if snapshot.columns.contains(where: { $0.name == name }) {
                throw .invalid("The stored replay has a column '\(name)', but this run samples uniformly.")
            }
            return
        }
        try priorities.restore(snapshot)
        let reader = reader
        for slot in 0..<count {
            let leaf = priorities.leaf(slot)
            guard leaf.isFinite, leaf >= 0, (leaf > 0) == reader.isSampleable(slot) else {
                throw .invalid(
                    "The stored replay has in column '\(name)' \(leaf) for slot \(slot), which "
                        + "\(reader.isSampleable(slot) ? "can" : "cannot") be sampled; only what can has a positive number."
                )
            }
        }
    }

    /// Bytes of memory that a full replay takes: its columns, in whole chunks, and the inner nodes over its priorities.
    ///
    /// Less is committed by the system while the ring is not full.
    public static func byteCount(capacity: Int, frame: ObservationSpace, prioritized: Bool) -> Int {
        let length = chunkLength(bytesPerFrame: frame.byteCount)
        let slots = (capacity + length - 1) / length * length
        let scalars =
            ElementType.int32.byteCount + ElementType.float32.byteCount + ElementType.uint8.byteCount
            + (prioritized ? ElementType.float64.byteCount : 0)
        return slots * (frame.byteCount + scalars) + (prioritized ? SumTree.innerByteCount(capacity: capacity) : 0)
    }
}

extension ModelError {
    static func invalid(_ message: String) -> ModelError { ModelError(code: .invalidSnapshot, message: message) }
}
