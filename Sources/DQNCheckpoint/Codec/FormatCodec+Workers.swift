internal import DQNModel

extension FormatCodec {
    /// Returns the paths of the workers' groups `0`, `1`, …, which must have no gaps; rule 14.
    private static func workerPaths(_ reader: borrowing ContainerReader) throws(CheckpointError) -> [String] {
        let names = Set(reader.members("workers"))
        guard names.count <= ContainerReader.Limit.workers else {
            throw .broken(
                .workers,
                "/workers contains \(names.count) groups; at most \(ContainerReader.Limit.workers) are allowed.")
        }
        for index in 0..<names.count where !names.contains(String(index)) {
            throw .broken(.workers, "/workers contains \(names.count) groups, but none is named \(index).")
        }
        return (0..<names.count).map { "workers/\($0)" }
    }

    /// Reads the workers' documents.
    static func workers(
        _ reader: borrowing ContainerReader, _ head: FormatHead
    ) throws(CheckpointError) -> [CheckpointSummary.Worker] {
        let paths = try workerPaths(reader)
        var workers: [CheckpointSummary.Worker] = []
        for path in paths {
            let state = try state(path, reader)
            var worker = CheckpointSummary.Worker(
                replay: state.shared.replay.map { .init(count: $0.count, capacity: $0.capacity) })
            complete(&worker, state, onlyWorkerOf: paths.count == 1 ? head.progress.counters : nil)
            workers.append(worker)
        }
        return workers
    }

    private static func state(_ path: String, _ reader: borrowing ContainerReader) throws(CheckpointError) -> Worker {
        let state = try reader.document("\(path)/state", as: Worker.self)
        if let complaint = state.addedComplaint {
            throw .broken(complaint.rule, "/\(path)/state \(complaint.text).")
        }
        return state
    }

    /// Reads the workers separately; an empty, abandoned one replaces a worker that is unreadable.
    static func workerStates(
        _ reader: borrowing ContainerReader, _ head: FormatHead
    ) throws(CheckpointError) -> [WorkerState] {
        var workers: [WorkerState] = []
        for path in try reader.part("workers", workerPaths) ?? [] {
            let worker = try reader.part(path) { (reader) throws(CheckpointError) in
                try Self.worker(path, head, reader)
            }
            workers.append(
                worker
                    ?? WorkerState(
                        generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0,
                        recentReturns: [], recentLengths: [], replay: nil, status: .abandoned))
        }
        return workers
    }

    /// The path of the environment at an index of a worker's ``WorkerState/additionalEnvironments``.
    static func additionalEnvironment(_ index: Int, _ path: String) -> String { "\(path)/environments/\(index + 1)" }

    /// Reads a worker; rules 14 and 15, and the rules that the version adds.
    private static func worker(
        _ path: String, _ head: FormatHead, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> WorkerState {
        let state = try state(path, reader)
        let document = state.shared
        let members = reader.members(path)
        guard workerMembers.isSuperset(of: members) else {
            throw .broken(.workers, "/\(path) has members that are not part of the format: \(members.prefix(16)).")
        }
        if let complaint = document.complaint { throw .broken(.workers, "/\(path)/state \(complaint).") }
        var worker = WorkerState(
            generators: [:], environment: nil, observation: nil,
            episodeReturn: document.episodeReturn, episodeLength: document.episodeLength,
            recentReturns: document.recentReturns, recentLengths: document.recentLengths, replay: nil)
        for name in reader.members("\(path)/random") {
            worker.generators[name] = try reader.part("\(path)/random/\(name)") { (reader) throws(CheckpointError) in
                try generator("\(path)/random/\(name)", reader)
            }
        }
        (worker.environment, worker.observation, worker.replay) = try environment(
            describedBy: document.environment, replay: document.replay, path, head, reader)
        try complete(&worker, state, path, head, reader)
        return worker
    }

    /// Reads the parts of an environment separately: its state, its observation and its part of the replay.
    static func environment(
        describedBy environment: SharedWorkerDocument.Environment?, replay document: SharedWorkerDocument.Replay?,
        _ path: String, _ head: FormatHead, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> (StateSnapshot?, Observation?, ReplaySnapshot?) {
        let state =
            try reader.part("\(path)/environment") { (reader) throws(CheckpointError) in
                try snapshot(
                    describedBy: environment.map { (kind: $0.kind, version: $0.version) }, "\(path)/environment",
                    reader, .workers)
            } ?? nil
        var current: Observation?
        if reader.members(path).contains("observation") {
            current = try reader.part("\(path)/observation") { (reader) throws(CheckpointError) in
                try observation("\(path)/observation", head.architecture, reader)
            }
        }
        let ring =
            try reader.part("\(path)/replay") { (reader) throws(CheckpointError) in
                try replay(document, "\(path)/replay", head, reader)
            } ?? nil
        return (state, current, ring)
    }

    private static func generator(
        _ path: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> RandomGenerator {
        let words: [UInt64] = try reader.values(path, .uint64, shape: [4], rule: .workers)
        do { return try RandomGenerator(restoring: words) } catch {
            throw .broken(.workers, "/\(path) is not a valid random state: \(error.message)", error)
        }
    }

    /// Reads a snapshot whose kind and version are in its worker's document; `nil` if neither is there.
    static func snapshot(
        describedBy document: (kind: String, version: Int)?, _ path: String, _ reader: borrowing ContainerReader,
        _ rule: Rule
    ) throws(CheckpointError) -> StateSnapshot? {
        let values = try snapshotValues(path, reader, rule)
        guard let document else {
            guard values.isEmpty else { throw .broken(rule, "/\(path) is not described by its worker's state.") }
            return nil
        }
        return StateSnapshot(kind: document.kind, version: document.version, values: values)
    }

    private static func observation(
        _ path: String, _ architecture: NetworkArchitecture, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> Observation {
        let entry = try reader.entry(path, architecture.input.element, rule: .workers)
        guard entry.shape == architecture.input.shape else {
            throw .broken(
                .workers, "/\(path) has shape \(entry.shape) instead of the network's \(architecture.input.shape).")
        }
        var bytes: [UInt8] = []
        try reader.forEachRun(of: entry) { bytes += $0 }
        do { return try Observation(space: architecture.input, bytes: bytes) } catch {
            throw .broken(.workers, "/\(path) is not a valid observation: \(error.message)", error)
        }
    }
}
