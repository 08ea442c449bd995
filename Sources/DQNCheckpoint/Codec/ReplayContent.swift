internal import DQNModel

/// The rules of a replay's elements, checked chunk by chunk in slot order: 15, 18 and 24, 31 for a built-in
/// method, and 22 if asked for.
///
/// A replay need not be in memory: its chunks may come from a file as they are needed.
struct ReplayContent {
    private let ring: ReplaySnapshot
    private let path: String
    private let actionCount: Int
    /// The columns whose elements rules relate to each other.
    let columns: [String]
    /// The columns that must consist of finite numbers.
    let numbers: [String]
    private var episodes: EpisodeRules?

    /// - Parameters:
    ///   - ring: The replay, whose columns have passed ``ReplayRules/check(_:_:actions:optional:)``.
    ///   - optional: The optional columns to which the version gives a meaning.
    ///   - content: What rule 31 requires; `nil` if it does not apply.
    ///   - checksEpisodes: Whether rule 22 applies.
    init(
        of ring: ReplaySnapshot, _ path: String, actions actionCount: Int, optional: Set<String>,
        content: ReplayContentRules?, checksEpisodes: Bool
    ) {
        self.ring = ring
        self.path = path
        self.actionCount = actionCount
        columns = ring.columns.map(\.name).filter {
            $0 != ReplayRules.frames && (ReplayRules.requiredColumns.contains($0) || optional.contains($0))
        }
        numbers = ring.columns.filter { content?.restricts($0) ?? false }.map(\.name)
        if checksEpisodes {
            episodes = EpisodeRules(of: ring, path, isPrioritized: columns.contains(ReplayRules.priorities))
        }
    }

    /// The number of chunks of a column.
    private var chunkCount: Int { (ring.count + ring.chunkLength - 1) / ring.chunkLength }

    /// Checks the replay once its columns are in memory.
    mutating func checkMemory(of replay: ReplaySnapshot) throws(CheckpointError) {
        for column in replay.columns {
            guard column.chunks.count >= chunkCount,
                column.chunks.allSatisfy({ $0.byteCount == ring.chunkLength * column.bytesPerSlot })
            else {
                throw .broken(
                    .replay, "/\(path)/\(column.name) is not divided into chunks of \(ring.chunkLength) slots.")
            }
        }
        for index in 0..<chunkCount {
            var chunks: [String: ReplayChunk] = [:]
            for column in replay.columns where columns.contains(column.name) {
                chunks[column.name] = column.chunks[index]
            }
            try check(chunks, at: index * ring.chunkLength)
            for column in replay.columns where numbers.contains(column.name) {
                try checkNumbers(column.chunks[index], column, at: index * ring.chunkLength)
            }
        }
        try episodes?.finish()
    }

    /// Checks columns by reading them from the replay's file: those that rules relate to each other side by side.
    ///
    /// - Parameter names: All or none of ``columns``, and any others.
    mutating func check(_ names: Set<String>, _ reader: borrowing ContainerReader) throws(CheckpointError) {
        if !columns.isEmpty, names.isSuperset(of: columns) { try checkRelated(reader) }
        for column in ring.columns where names.contains(column.name) && !columns.contains(column.name) {
            guard let entry = reader.manifest["\(path)/\(column.name)"] else { continue }
            var first = 0
            try reader.forEachReplayChunk(of: entry, rows: min(ring.chunkLength, ring.count)) {
                (chunk) throws(CheckpointError) in
                if numbers.contains(column.name) { try checkNumbers(chunk, column, at: first) }
                first += ring.chunkLength
            }
        }
    }

    private mutating func checkRelated(_ reader: borrowing ContainerReader) throws(CheckpointError) {
        var cursors: [(name: String, cursor: ReplayCursor)] = []
        for name in columns {
            guard let entry = reader.manifest["\(path)/\(name)"] else { continue }
            cursors.append((name, try reader.cursor(of: entry, rows: min(ring.chunkLength, ring.count))))
        }
        for index in 0..<chunkCount {
            var chunks: [String: ReplayChunk] = [:]
            for (name, cursor) in cursors { chunks[name] = try cursor.next() }
            try check(chunks, at: index * ring.chunkLength)
            for column in ring.columns where numbers.contains(column.name) {
                if let chunk = chunks[column.name] { try checkNumbers(chunk, column, at: index * ring.chunkLength) }
            }
        }
        try episodes?.finish()
    }

    /// Checks the next chunk of each column.
    ///
    /// - Parameter first: The slot of their first row.
    private mutating func check(_ chunks: [String: ReplayChunk], at first: Int) throws(CheckpointError) {
        let rows = min(ring.chunkLength, ring.count - first)
        guard let flagChunk = chunks["flags"], let actionChunk = chunks["actions"] else {
            preconditionFailure("a replay must have flags and actions once its columns are checked")
        }
        let flags: [UInt8] = Self.values(of: flagChunk, rows)
        // Rebuilding a frame stack may go back to slot 0; in a full ring that may be in the middle of an episode.
        if first == 0, ring.count < ring.capacity, !ReplayFlags(rawValue: flags[0]).contains(.episodeStart) {
            throw .broken(.replay, "/\(path) is not full, but its first slot does not start an episode.")
        }
        try check(flags, Self.values(of: actionChunk, rows), at: first)
        var priorities: [Double] = []
        if let chunk = chunks[ReplayRules.priorities] {
            priorities = Self.values(of: chunk, rows)
            try check(priorities, flags, at: first)
        }
        if let chunk = chunks[ReplayRules.nextActionMasks] { try check(masks: chunk, flags, at: first) }
        try episodes?.check(flags, priorities, at: first)
    }

    /// Rule 31.
    private func checkNumbers(
        _ chunk: ReplayChunk, _ column: ReplaySnapshot.Column, at first: Int
    ) throws(CheckpointError) {
        let bytes = min(ring.chunkLength, ring.count - first) * column.bytesPerSlot
        try chunk.withBytes { (all: UnsafeRawBufferPointer) throws(CheckpointError) in
            try ReplayContentRules.check(
                UnsafeRawBufferPointer(rebasing: all[..<bytes]), of: column, at: first, "\(path)/\(column.name)")
        }
    }

    /// The newest observation and the final one of a truncated episode have no action.
    private func isOpen(_ slot: Int, _ flag: UInt8) -> Bool {
        slot == ring.cursor || ReplayFlags(rawValue: flag).contains(.final)
    }

    /// Rule 15.
    private func check(_ flags: [UInt8], _ actions: [Int32], at first: Int) throws(CheckpointError) {
        for (index, (flag, action)) in zip(flags, actions).enumerated() {
            let isOpen = isOpen(first + index, flag)
            guard flag < 16, isOpen ? action == -1 : (0..<Int32(actionCount)).contains(action),
                !(isOpen && ReplayFlags(rawValue: flag).endsEpisode)
            else {
                throw .broken(
                    .replay, "/\(path) has invalid flags \(flag) with action \(action) in slot \(first + index).")
            }
        }
    }

    /// Rule 18: priorities are finite, not negative, and 0 for slots without an action.
    private func check(_ priorities: [Double], _ flags: [UInt8], at first: Int) throws(CheckpointError) {
        for (index, (value, flag)) in zip(priorities, flags).enumerated() {
            // A slot without an action cannot be sampled.
            let isOpen = isOpen(first + index, flag)
            guard value.isFinite, isOpen ? value == 0 : value >= 0 else {
                let rule = isOpen ? "0 without an action" : "finite and not negative"
                throw .broken(
                    .priorities,
                    "/\(path)/\(ReplayRules.priorities) is \(value) in slot \(first + index); it must be \(rule).")
            }
        }
    }

    /// Rule 24: masks consist of 0 and 1, and slots without an action have zeros.
    private func check(masks chunk: ReplayChunk, _ flags: [UInt8], at first: Int) throws(CheckpointError) {
        try chunk.withBytes { (bytes: UnsafeRawBufferPointer) throws(CheckpointError) in
            for (index, flag) in flags.enumerated() {
                let largest = bytes[(index * actionCount)..<((index + 1) * actionCount)].max() ?? 0
                guard largest <= (isOpen(first + index, flag) ? 0 : 1) else {
                    throw .broken(
                        .masks,
                        "/\(path)/\(ReplayRules.nextActionMasks) contains \(largest) in slot \(first + index); a mask "
                            + "consists of 0 and 1, and of 0 alone without an action.")
                }
            }
        }
    }

    private static func values<Value: BitwiseCopyable>(of chunk: ReplayChunk, _ rows: Int) -> [Value] {
        chunk.withBytes { Array($0.bindMemory(to: Value.self).prefix(rows)) }
    }
}
