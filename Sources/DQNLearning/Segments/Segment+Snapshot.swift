internal import DQNCheckpoint
internal import DQNModel

/// How a step of a segment ended.
enum SegmentEnd: UInt8 {
    /// The episode continued.
    case none = 0
    /// It reached a terminal state.
    case terminated = 1
    /// A time limit ended it.
    case truncated = 2
}

extension Segment {
    /// Adds the rows to a learner's arrays, for a checkpoint.
    ///
    /// Between two rounds a segment is complete only if the update from it was cut short, or if an error came before it
    /// was learned from. In the second case it is not saved.
    ///
    /// - Parameter whole: Whether a complete segment is saved.
    func save(into values: inout [String: StateSnapshot.Value], whole: Bool) {
        guard count > 0, !isComplete || whole else { return }
        values["segment.actions"] = .int64(actions[..<count].map(Int64.init))
        values["segment.rewards"] = .float32(Array(rewards[..<count]))
        if masks.isUsed {
            let slots = endsWithEpisode && !isComplete ? count : count + environments
            values["segment.masks"] = .uint8(masks.bytes(slots: slots, finals: truncatedRows(count)))
        }
        guard !endsWithEpisode || isComplete else {
            values["segment.observations"] = .uint8(Array(observations[..<(count * bytesPerObservation)]))
            return
        }
        // The observations after the last steps too: those of a divided round are needed before they are set again.
        values["segment.observations"] = .uint8(Array(observations[..<((count + environments) * bytesPerObservation)]))
        values["segment.ends"] = .uint8(ends[..<count].map(\.rawValue))
        values["segment.next_actions"] = .int64(nextActions[..<count].map(Int64.init))
        values["segment.finals"] = .uint8(finals.bytes)
    }

    /// Restores the rows that ``save(into:)`` wrote.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if the arrays do not fit this network, `segment_length` or
    ///   `environments_per_worker`.
    func restore(_ snapshot: StateSnapshot, actionCount: Int) throws(ModelError) {
        guard case .int64(let stored)? = snapshot.values["segment.actions"] else { return }
        let isWhole = snapshot.version == OpenUpdate.stateVersion
        guard stored.count < capacity || isWhole && stored.count == capacity else {
            throw .invalid("The stored segment has \(stored.count) steps, but must have fewer than \(capacity).")
        }
        guard stored.allSatisfy({ (0..<Int64(actionCount)).contains($0) }) else {
            throw .invalid("The stored segment has an action outside 0…\(actionCount - 1).")
        }
        let rewards = try snapshot.float32("segment.rewards", count: stored.count)
        let hasEnds = !endsWithEpisode || isWhole
        let slots = hasEnds ? stored.count + environments : stored.count
        let bytes = try snapshot.uint8("segment.observations", count: slots * bytesPerObservation)
        if hasEnds { try restoreEnds(snapshot, count: stored.count, actionCount: actionCount) }
        for index in stored.indices {
            actions[index] = Int32(truncatingIfNeeded: stored[index])
            self.rewards[index] = rewards[index]
        }
        bytes.withUnsafeBytes { observations.copyMemory(from: $0) }
        try masks.restore(
            snapshot, "segment.masks", slots: slots, finals: truncatedRows(stored.count))
        count = stored.count
    }

    /// The rows that hold the last observation of a truncated episode.
    private func truncatedRows(_ rows: Int) -> [Int] { (0..<rows).filter { finals[$0] != nil } }

    private func restoreEnds(_ snapshot: StateSnapshot, count: Int, actionCount: Int) throws(ModelError) {
        let stored = try snapshot.uint8("segment.ends", count: count)
        let next = try snapshot.int64("segment.next_actions", count: count)
        guard next.allSatisfy({ (-1..<Int64(actionCount)).contains($0) }) else {
            throw .invalid("The stored segment has a next action outside −1…\(actionCount - 1).")
        }
        var truncated: [Int] = []
        for row in 0..<count {
            guard let end = SegmentEnd(rawValue: stored[row]) else {
                throw .invalid("The stored segment has the end \(stored[row]) in row \(row); valid are 0, 1 and 2.")
            }
            ends[row] = end
            nextActions[row] = Int32(truncatingIfNeeded: next[row])
            // The segment of one environment ends there, so that the observation keeps its place.
            if end == .truncated, !endsWithEpisode { truncated.append(row) }
        }
        let bytes = try snapshot.uint8("segment.finals", count: truncated.count * bytesPerObservation)
        bytes.withUnsafeBytes { bytes in
            for (index, row) in truncated.enumerated() {
                finals.add(
                    UnsafeRawBufferPointer(
                        rebasing: bytes[(index * bytesPerObservation)..<((index + 1) * bytesPerObservation)]), row)
            }
        }
    }
}
