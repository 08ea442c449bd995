public import DQNModel

extension ReplayMemory {
    /// Returns the whole replay by value, without copying any step.
    ///
    /// The observation at the cursor is always open. In a snapshot taken between two episodes, for example because a
    /// reset failed, it is blank and the next ``beginEpisode(_:)`` overwrites it. To restore a replay without its
    /// environment, call ``abandonEpisode()`` and then ``beginEpisode(_:)``.
    ///
    /// The snapshot does not contain `largestPriority`.
    public func snapshot() -> ReplaySnapshot {
        if !isOpen { write(UnsafeRawBufferPointer(blankFrame), .episodeStart) }
        var columns = [frames.column, actions.column, rewards.column, flags.column]
        if let priorities { columns.append(priorities.column) }
        if let masks { columns.append(masks.column) }
        return ReplaySnapshot(
            capacity: capacity, cursor: cursor, count: count, chunkLength: frames.chunkLength, columns: columns)
    }

    /// Restores a replay.
    ///
    /// - Parameters:
    ///   - snapshot: A result of ``snapshot()``.
    ///   - capacity: The number of slots; must be the snapshot's.
    ///   - frame: The space of a single frame; must be the snapshot's.
    ///   - frameStack: The number of frames of a stacked observation.
    ///   - nStep: The number of steps of a return; with priorities, it must be the snapshot's.
    ///   - discount: γ, from 0 to 1.
    ///   - prioritization: The constants of prioritized sampling, if and only if the snapshot has priorities.
    ///   - largestPriority: `largestPriority` at the time of the snapshot; required with `prioritization`.
    /// - Throws: `ModelError` (`invalidSnapshot`) if a column is missing or has another type or shape, if
    ///   the capacity differs, or if there are priorities that `prioritization` does not ask for or that do not fit the
    ///   steps.
    public convenience init(
        restoring snapshot: ReplaySnapshot, capacity: Int, frame: ObservationSpace, frameStack: Int, nStep: Int = 1,
        discount: Double, prioritization: PrioritizedReplayConfiguration? = nil, largestPriority: Double? = nil
    ) throws(ModelError) {
        guard snapshot.capacity == capacity, (1...capacity).contains(snapshot.count),
            (0..<snapshot.count).contains(snapshot.cursor),
            snapshot.count == capacity || snapshot.cursor == snapshot.count - 1
        else {
            throw .invalid(
                "The stored replay has \(snapshot.capacity) slots, of which \(snapshot.count) are in use, and its cursor "
                    + "at \(snapshot.cursor); this run needs \(capacity) slots.")
        }
        if prioritization != nil {
            guard let largestPriority, largestPriority.isFinite, largestPriority > 0 else {
                throw .invalid(
                    "The stored replay is prioritized, but its largest priority is missing or is not positive.")
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
            throw .invalid("The stored replay is not full, but its first slot does not start an episode.")
        }
        masks = try ReplayMasks(restoring: snapshot, capacity: capacity, chunkLength: frames.chunkLength)
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
                    "The stored replay has the value \(leaf) in column '\(name)' for slot \(slot), which "
                        + "\(reader.isSampleable(slot) ? "can" : "cannot") be sampled; slots that can be sampled must "
                        + "have a positive value, all others zero."
                )
            }
        }
    }

    /// Returns the bytes of a full replay: its columns, in whole chunks, and the inner nodes of its sum tree.
    ///
    /// The system commits less while the replay is not full.
    ///
    /// - Parameter maskedActions: The number of actions, if observations may have action masks.
    package static func byteCount(
        capacity: Int, frame: ObservationSpace, prioritized: Bool, maskedActions: Int = 0
    ) -> Int {
        let length = chunkLength(bytesPerFrame: frame.byteCount)
        let slots = (capacity + length - 1) / length * length
        let scalars =
            ElementType.int32.byteCount + ElementType.float32.byteCount + ElementType.uint8.byteCount
            + (prioritized ? ElementType.float64.byteCount : 0) + maskedActions
        return slots * (frame.byteCount + scalars) + (prioritized ? SumTree.innerByteCount(capacity: capacity) : 0)
    }
}

extension ModelError {
    static func invalid(_ message: String) -> ModelError { ModelError(code: .invalidSnapshot, message: message) }
}
