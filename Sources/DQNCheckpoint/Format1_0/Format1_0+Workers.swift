internal import DQNModel

extension Format1_0 {
    /// Reads something of each worker, given its path: groups `0`, `1`, … without gaps; rule 14.
    static func eachWorker<Value>(
        _ reader: borrowing ContainerReader,
        _ read: (_ path: String, borrowing ContainerReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> [Value] {
        let names = Set(reader.members("workers"))
        guard names.count <= 4096 else {
            throw .broken(.workers, "/workers holds \(names.count) groups; 4096 are allowed.")
        }
        var workers: [Value] = []
        for index in 0..<names.count {
            guard names.contains(String(index)) else {
                throw .broken(.workers, "/workers holds \(names.count) groups, but none is named \(index).")
            }
            workers.append(try read("workers/\(index)", reader))
        }
        return workers
    }

    /// Reads a worker that `document` describes and whose group may hold `allowed`; rules 14 and 15.
    static func worker(
        _ document: Worker, _ path: String, _ architecture: NetworkArchitecture, _ reader: borrowing ContainerReader,
        members allowed: Set<String>
    ) throws(CheckpointError) -> WorkerState {
        let members = reader.members(path)
        guard allowed.isSuperset(of: members) else {
            throw .broken(.workers, "/\(path) holds something that has no place there: \(members).")
        }
        if let complaint = document.complaint { throw .broken(.workers, "/\(path)/state \(complaint).") }
        var generators: [String: RandomGenerator] = [:]
        for name in reader.members("\(path)/random") {
            let words: [UInt64] = try reader.values("\(path)/random/\(name)", .uint64, shape: [4], rule: .workers)
            do { generators[name] = try RandomGenerator(restoring: words) } catch {
                throw .broken(.workers, "/\(path)/random/\(name) is no random state: \(error.message)", error)
            }
        }
        var environment: StateSnapshot?
        if let description = document.environment {
            environment = StateSnapshot(
                kind: description.kind, version: description.version,
                values: try snapshotValues("\(path)/environment", reader, .workers))
        } else if members.contains("environment") {
            throw .broken(.workers, "/\(path)/environment belongs to no environment of /\(path)/state.")
        }
        return WorkerState(
            generators: generators, environment: environment,
            observation: members.contains("observation")
                ? try observation("\(path)/observation", architecture, reader) : nil,
            episodeReturn: document.episodeReturn, episodeLength: document.episodeLength,
            recentReturns: document.recentReturns, recentLengths: document.recentLengths,
            replay: try replay(document.replay, "\(path)/replay", architecture, reader))
    }

    private static func observation(
        _ path: String, _ architecture: NetworkArchitecture, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> Observation {
        let entry = try reader.entry(path, architecture.input.element, rule: .workers)
        guard entry.shape == architecture.input.shape else {
            throw .broken(.workers, "/\(path) has shape \(entry.shape), not the network's \(architecture.input.shape).")
        }
        var bytes: [UInt8] = []
        try reader.forEachRun(of: entry) { bytes += $0 }
        do { return try Observation(space: architecture.input, bytes: bytes) } catch {
            throw .broken(.workers, "/\(path) is no observation: \(error.message)", error)
        }
    }

    private static func replay(
        _ document: Worker.Replay?, _ path: String, _ architecture: NetworkArchitecture,
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> ReplaySnapshot? {
        let names = reader.members(path)
        guard let document else {
            guard names.isEmpty else { throw .broken(.replay, "/\(path) is not described by its worker's state.") }
            return nil
        }
        var snapshot = ReplaySnapshot(
            capacity: document.capacity, cursor: document.cursor, count: document.count,
            chunkLength: document.chunkLength, columns: [])
        try ReplayRules.checkRing(snapshot, path)
        for name in names {
            guard let entry = reader.manifest["\(path)/\(name)"], entry.shape.first == document.count else {
                throw .broken(.replay, "/\(path)/\(name) has not one row for each of \(document.count) slots.")
            }
            snapshot.columns.append(try column(name, entry, document, reader))
        }
        try ReplayRules.check(snapshot, path, actions: architecture.actionCount)
        return snapshot
    }

    private static func column(
        _ name: String, _ entry: Manifest.Entry, _ document: Worker.Replay, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> ReplaySnapshot.Column {
        let shape = Array(entry.shape.dropFirst())
        let (chunkBytes, overflow) = document.chunkLength.multipliedReportingOverflow(
            by: shape.reduce(entry.type.byteCount, *))
        // A chunk's memory is committed as it is filled: a lie within this limit costs address space only.
        guard !overflow, chunkBytes <= ContainerReader.Limit.chunkBytes else {
            throw .broken(.replay, "/\(entry.path) has chunks of \(document.chunkLength) slots, above 256 MiB each.")
        }
        let chunkRows = reader.isSealed && entry.bytesPerRow > 0 ? min(document.chunkLength, document.count) : nil
        guard entry.chunkRows == chunkRows else {
            throw .broken(
                .chunks, "/\(entry.path) is stored in chunks of \(entry.chunkRows ?? 0) rows, not \(chunkRows ?? 0).")
        }
        var chunks: [ReplayChunk] = []
        try reader.forEachReplayChunk(of: entry, rows: document.chunkLength) { chunks.append($0) }
        return ReplaySnapshot.Column(name: name, element: entry.type, shape: shape, chunks: chunks)
    }
}

/// Rule 15: what a replay's columns must be to each other.
enum ReplayRules {
    /// The ring itself, before any column is looked at.
    static func checkRing(_ ring: ReplaySnapshot, _ path: String) throws(CheckpointError) {
        guard Format1_0.countRange.contains(ring.capacity), ring.count >= 1, ring.count <= ring.capacity,
            ring.cursor >= 0,
            ring.cursor < ring.count, (1...(1 << 30)).contains(ring.chunkLength),
            ring.count == ring.capacity || ring.cursor == ring.count - 1
        else {
            throw .broken(
                .replay,
                "/\(path) has a ring that cannot be: capacity \(ring.capacity), count \(ring.count), "
                    + "cursor \(ring.cursor), chunks of \(ring.chunkLength).")
        }
    }

    static func check(_ snapshot: ReplaySnapshot, _ path: String, actions actionCount: Int) throws(CheckpointError) {
        try checkRing(snapshot, path)
        let chunks = (snapshot.count + snapshot.chunkLength - 1) / snapshot.chunkLength
        for column in snapshot.columns {
            guard column.chunks.count >= chunks,
                column.chunks.allSatisfy({ $0.byteCount == snapshot.chunkLength * column.bytesPerSlot })
            else {
                throw .broken(.replay, "/\(path)/\(column.name) is not in chunks of \(snapshot.chunkLength) slots.")
            }
        }
        guard snapshot.columns.contains(where: { $0.name == "frames" }) else {
            throw .broken(.replay, "/\(path)/frames is missing.")
        }
        let flags: [UInt8] = try scalars("flags", .uint8, snapshot, path, .replay)
        let actions: [Int32] = try scalars("actions", .int32, snapshot, path, .replay)
        let _: [Float] = try scalars("rewards", .float32, snapshot, path, .replay)
        // A frame stack is rebuilt by going back to here; in a full ring slot 0 may be in the middle of an episode.
        if snapshot.count < snapshot.capacity, !ReplayFlags(rawValue: flags[0]).contains(.episodeStart) {
            throw .broken(.replay, "/\(path) is not full, but its first slot starts no episode.")
        }
        for slot in 0..<snapshot.count {
            let flag = ReplayFlags(rawValue: flags[slot])
            // The newest observation and the last one of a truncated episode have no action.
            let isOpen = slot == snapshot.cursor || flag.contains(.final)
            guard flags[slot] < 16, isOpen ? actions[slot] == -1 : (0..<Int32(actionCount)).contains(actions[slot]),
                !(isOpen && (flag.contains(.terminated) || flag.contains(.truncated)))
            else {
                throw .broken(
                    .replay,
                    "/\(path) has in slot \(slot) flags \(flags[slot]) with action \(actions[slot]), which cannot be.")
            }
        }
    }

    /// The values of a column with one element a slot.
    static func scalars<Value: BitwiseCopyable>(
        _ name: String, _ element: ElementType, _ snapshot: ReplaySnapshot, _ path: String, _ rule: Rule
    ) throws(CheckpointError) -> [Value] {
        guard let column = snapshot.columns.first(where: { $0.name == name }), column.element == element,
            column.shape.isEmpty
        else { throw .broken(rule, "/\(path)/\(name) is missing or not one \(element.rawValue) a slot.") }
        var values: [Value] = []
        values.reserveCapacity(snapshot.count)
        snapshot.forEachRun(of: column) { values += $0.bindMemory(to: Value.self) }
        return values
    }
}
