package import DQNModel

/// Moves the steps of stored replays into the replays of another run, which may differ in number, size and kind.
///
/// Replays of the same number and size stay as they are. Otherwise the episodes are added again, oldest first: a smaller
/// replay keeps the newest ones. An episode whose beginning was overwritten is left out if observations are stacked,
/// because its first stacks are lost.
package struct ReplayTransfer {
    private let configuration: TrainingConfiguration
    private let frame: ObservationSpace

    /// Creates a transfer.
    ///
    /// - Parameters:
    ///   - configuration: The run that receives the steps.
    ///   - frame: The space of a single frame.
    package init(to configuration: TrainingConfiguration, frame: ObservationSpace) {
        self.configuration = configuration
        self.frame = frame
    }

    private var count: Int { configuration.workers * configuration.environmentsPerWorker }
    private var capacity: Int { configuration.replayCapacityPerEnvironment }

    /// Returns a replay for each environment of each worker, in that order; none if there are no sources.
    ///
    /// Takes memory and time in proportion to the steps, unless the replays stay as they are.
    /// - Parameters:
    ///   - sources: The stored replays.
    ///   - keepsPriorities: Whether the stored priorities mean the same in the new run.
    ///   - largestPriority: What steps without a priority get.
    /// - Throws: `ModelError` (`invalidSnapshot`) if a column is missing or has another type or shape.
    package func replays(
        from sources: [ReplaySnapshot], keepsPriorities: Bool, largestPriority: Double
    ) throws(ModelError) -> [ReplaySnapshot] {
        if sources.isEmpty { return [] }
        var rings: [StoredRing] = []
        for source in sources { rings.append(try StoredRing(source, frame: frame)) }
        if sources.count == count, sources.allSatisfy({ isUsable($0, keepsPriorities) }) {
            return sources.map { source in
                var replay = source
                if !configuration.prioritized {
                    replay.columns.removeAll { $0.name == ReplayPriorities.columnName }
                }
                return replay
            }
        }
        return shares(of: rings).map { share in
            let memory = ReplayMemory(
                capacity: capacity, frame: frame, frameStack: configuration.frameStack, nStep: configuration.nStep,
                discount: configuration.discount, prioritization: configuration.prioritization,
                largestPriority: largestPriority)
            for (ring, episode) in share { rings[ring].add(episode, to: memory) }
            return memory.snapshot()
        }
    }

    private func isUsable(_ source: ReplaySnapshot, _ keepsPriorities: Bool) -> Bool {
        guard source.capacity == capacity else { return false }
        guard configuration.prioritized else { return true }
        return keepsPriorities && source.columns.contains { $0.name == ReplayPriorities.columnName }
    }

    /// The episodes that each new replay receives, oldest first.
    private func shares(of rings: [StoredRing]) -> [[(ring: Int, episode: StoredEpisode)]] {
        let episodes = rings.map { ring in
            ring.episodes.filter { $0.hasBeginning || configuration.frameStack == 1 }
        }
        return (0..<count).map { target in
            if rings.count <= count {
                // Several replays divide one ring.
                let ring = target % rings.count
                let parts = (count - ring + rings.count - 1) / rings.count
                return episodes[ring].enumerated().filter { $0.offset % parts == target / rings.count }
                    .map { (ring, $0.element) }
            }
            // One replay gets the newest part of several rings.
            let members = rings.indices.filter { $0 % count == target }
            return members.flatMap { ring in
                Self.newest(episodes[ring], slots: capacity / members.count).map { (ring, $0) }
            }
        }
    }

    private static func newest(_ episodes: [StoredEpisode], slots: Int) -> [StoredEpisode] {
        var total = 0
        return episodes.reversed().prefix { episode in
            defer { total += episode.ages.count }
            return total < slots
        }.reversed()
    }
}

/// An episode of a stored replay, or what is left of it.
private struct StoredEpisode {
    /// Its slots, by age: 0 is the oldest slot of the ring.
    var ages: Range<Int>
    /// Whether its first observation is there.
    var hasBeginning: Bool
}

/// Reads the steps of a stored replay.
private struct StoredRing {
    private let snapshot: ReplaySnapshot
    private let frames: ReplaySnapshot.Column
    private let actions: ReplaySnapshot.Column
    private let rewards: ReplaySnapshot.Column
    private let flags: ReplaySnapshot.Column
    private let masks: ReplaySnapshot.Column?

    init(_ snapshot: ReplaySnapshot, frame: ObservationSpace) throws(ModelError) {
        func column(_ name: String, _ element: ElementType, _ shape: [Int]) throws(ModelError) -> ReplaySnapshot.Column
        {
            guard
                let column = snapshot.columns.first(where: {
                    $0.name == name && $0.element == element && $0.shape == shape
                })
            else { throw .invalid("The stored replay has no column '\(name)' of \(element.rawValue) \(shape).") }
            return column
        }
        self.snapshot = snapshot
        frames = try column("frames", frame.element, frame.shape)
        actions = try column("actions", .int32, [])
        rewards = try column("rewards", .float32, [])
        flags = try column("flags", .uint8, [])
        masks = snapshot.columns.first { $0.name == ReplayMasks.columnName && $0.shape.count == 1 }
    }

    private func slot(_ age: Int) -> Int {
        snapshot.count < snapshot.capacity ? age : (snapshot.cursor + 1 + age) % snapshot.count
    }

    private func withBytes<Result>(
        _ column: ReplaySnapshot.Column, _ age: Int, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let (slot, size) = (slot(age), column.bytesPerSlot)
        let offset = slot % snapshot.chunkLength * size
        return column.chunks[slot / snapshot.chunkLength].withBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + size)]))
        }
    }

    private func value<Value: BitwiseCopyable>(_ column: ReplaySnapshot.Column, _ age: Int, as type: Value.Type)
        -> Value
    {
        withBytes(column, age) { $0.loadUnaligned(as: type) }
    }

    private func flag(_ age: Int) -> ReplayFlags { ReplayFlags(rawValue: value(flags, age, as: UInt8.self)) }

    /// The mask of the observation after a step; a row of zeros restricts nothing.
    private func mask(_ age: Int) -> [Bool]? {
        guard let masks else { return nil }
        let mask = withBytes(masks, age) { $0.map { $0 != 0 } }
        return mask.contains(true) ? mask : nil
    }

    /// The episodes with at least one step, oldest first. The newest one may be open.
    var episodes: [StoredEpisode] {
        var result: [StoredEpisode] = []
        var start: Int?
        func end(before age: Int) {
            defer { start = nil }
            guard let first = start, age - first > 1 || flag(first).contains(.terminated) else { return }
            result.append(
                StoredEpisode(ages: first..<age, hasBeginning: flag(first).contains(.episodeStart)))
        }
        for age in 0..<snapshot.count {
            let flag = flag(age)
            if start != nil, flag.contains(.episodeStart) { end(before: age) }
            // The steps before a final observation may have been overwritten.
            if start == nil, flag.contains(.final) { continue }
            start = start ?? age
            if flag.contains(.terminated) || flag.contains(.final) { end(before: age + 1) }
        }
        end(before: snapshot.count)
        return result
    }

    /// Adds an episode to a replay. An open one ends truncated.
    func add(_ episode: StoredEpisode, to memory: ReplayMemory) {
        withBytes(frames, episode.ages.lowerBound) { memory.beginEpisode($0) }
        for age in episode.ages {
            let flag = flag(age)
            let terminated = flag.contains(.terminated)
            // The last observation of an episode that did not terminate has no step.
            if age + 1 == episode.ages.upperBound, !terminated { break }
            let truncated = flag.contains(.truncated)
            withBytes(frames, terminated ? age : age + 1) { next in
                memory.add(
                    action: Int(value(actions, age, as: Int32.self)),
                    reward: Double(value(rewards, age, as: Float.self)),
                    terminated: terminated, truncated: truncated, next: next, allowing: mask(age))
            }
            if terminated || truncated { break }
        }
        memory.abandonEpisode()
    }
}
