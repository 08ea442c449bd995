internal import DQNModel
internal import Foundation

extension FormatCodec {
    /// Returns the datasets of a checkpoint; shares its vectors and replay chunks.
    ///
    /// - Throws: ``CheckpointError`` (`invalidState`) for state that a reader would refuse: NaN or infinite parameters,
    ///   vectors of the wrong length, names that are invalid in a path.
    static func arrays(_ checkpoint: Checkpoint) throws(CheckpointError) -> [StoredArray] {
        let layout: ParameterLayout
        do { layout = try ParameterLayout(checkpoint.architecture) } catch { throw invalid(error.message) }
        if let part = unsupportedParts(of: checkpoint.architecture).first {
            throw invalid("The network has \(part), which format \(version) does not support.")
        }
        if let complaint = ConfigurationDocument.complaint(about: checkpoint.configuration) {
            throw invalid("The configuration \(complaint).")
        }
        guard checkpoint.workers.count <= ContainerReader.Limit.workers else {
            throw invalid(
                "The state has \(checkpoint.workers.count) workers; at most \(ContainerReader.Limit.workers) are allowed."
            )
        }
        let progress = ProgressDocument(
            counters: checkpoint.counters, evaluation: checkpoint.evaluation,
            bestEvaluation: checkpoint.bestEvaluation, reachedTarget: checkpoint.reachedTarget,
            statistics: checkpoint.statistics, stripped: checkpoint.stripped.sorted())
        if let complaint = progress.complaint { throw invalid("The checkpoint \(complaint).") }
        try requireMeaning(of: checkpoint)
        var arrays = [
            try document("configuration", checkpoint.configuration),
            try document("architecture", checkpoint.architecture),
            try document("progress", progress),
        ]
        arrays += try vector(checkpoint.online, "parameters/online", layout)
        if let target = checkpoint.target { arrays += try vector(target, "parameters/target", layout) }
        if let optimizer = checkpoint.optimizer {
            let state = OptimizerDocument(
                kind: optimizer.kind, hyperparameters: optimizer.hyperparameters, stepCount: optimizer.stepCount)
            if let complaint = state.complaint { throw invalid("The optimizer \(complaint).") }
            arrays.append(try document("optimizer/state", state))
            for (name, values) in optimizer.slots {
                try require(name)
                arrays += try vector(values, "optimizer/slots/\(name)", layout)
            }
        }
        arrays += try history(checkpoint.history)
        for (index, worker) in checkpoint.workers.enumerated() {
            arrays += try Self.arrays(worker, "workers/\(index)", checkpoint.architecture)
        }
        for group in checkpoint.extensions {
            try require(group.owner)
            let path = "extensions/\(group.owner)"
            arrays.append(
                try document(
                    "\(path)/descriptor",
                    ExtensionDocument(
                        owner: group.owner, mustUnderstand: group.mustUnderstand, kind: group.state.kind,
                        version: group.state.version)))
            arrays += try snapshot(group.state, "\(path)/state")
        }
        try requireDistinct(arrays.map(\.path))
        try requireLimits(arrays)
        return arrays
    }

    /// Refuses names that collide in the file: two extensions of one owner, or metrics `a` and `a/b`.
    private static func requireDistinct(_ paths: [String]) throws(CheckpointError) {
        var all: Set<String> = []
        for path in paths where !all.insert(path).inserted { throw invalid("Two parts have the name '\(path)'.") }
        for path in paths {
            var above = path[...]
            while let slash = above.lastIndex(of: "/") {
                above = above[..<slash]
                if all.contains(String(above)) {
                    throw invalid("'\(above)' cannot be both a dataset and a group that contains '\(path)'.")
                }
            }
        }
    }

    /// Refuses state that no run could continue from.
    private static func requireMeaning(of checkpoint: Checkpoint) throws(CheckpointError) {
        let complaint =
            PlayingKeys.complaint(about: checkpoint.configuration).map { "In the configuration, \($0)." }
            ?? Meaning.failures(of: checkpoint, isWhole: checkpoint.stripped.isEmpty).first?.error.message
        if let complaint { throw invalid(complaint) }
        guard BuiltInMethod(of: checkpoint.configuration) != nil else { return }
        do throws(CheckpointError) { try ReplayContentRules.checkRewards(of: checkpoint.workers) } catch {
            throw invalid(error.message)
        }
    }

    static func invalid(_ message: String) -> CheckpointError {
        CheckpointError(code: .invalidState, message: message)
    }

    private static func require(_ name: String) throws(CheckpointError) {
        guard PathComponent.isValid(name) else {
            throw invalid("Invalid name '\(name)'; use letters, digits, '_', '-' and '.'.")
        }
    }

    private static func document(_ path: String, _ value: some Encodable) throws(CheckpointError) -> StoredArray {
        let text: [UInt8]
        do { text = Array(try JSONValue.canonicalEncoder.encode(value)) } catch {
            throw CheckpointError(
                code: .invalidState, message: "/\(path) cannot be written as JSON: \(error).", underlying: error)
        }
        let limit = ContainerReader.DocumentLimit(path)
        if let complaint = limit.complaint(text.count) { throw invalid("/\(path) \(complaint).") }
        do { _ = try JSONText.value(of: text, valueLimit: limit.values) } catch {
            throw invalid("/\(path) cannot be read back: \(error).")
        }
        return StoredArray(path, .uint8, values: text)
    }

    private static func vector(
        _ values: [Float], _ group: String, _ layout: ParameterLayout
    ) throws(CheckpointError) -> [StoredArray] {
        guard values.count == layout.count else {
            throw invalid("/\(group) has \(values.count) values, but the network has \(layout.count) parameters.")
        }
        return try layout.entries.map { (entry) throws(CheckpointError) in
            var failure: CheckpointError?
            values.withUnsafeBufferPointer { all in
                do throws(CheckpointError) {
                    try requireFinite(
                        UnsafeBufferPointer(rebasing: all[entry.range]), "\(group)/\(entry.name)", .invalidState)
                } catch { failure = error }
            }
            if let failure { throw failure }
            return StoredArray("\(group)/\(entry.name)", shape: entry.shape, floats: values, range: entry.range)
        }
    }

    /// Refuses NaN and infinity, and reports the first.
    static func requireFinite(
        _ values: UnsafeBufferPointer<Float>, _ path: String, _ code: CheckpointError.Code, _ rule: Rule? = nil
    ) throws(CheckpointError) {
        // Without the sign, the bits of a float increase with its magnitude; unlike a sum of floats, this loop
        // vectorises.
        var largest: UInt32 = 0
        for value in values { largest = max(largest, value.bitPattern & 0x7fff_ffff) }
        if largest < Float.infinity.bitPattern { return }
        let index = values.firstIndex { !$0.isFinite } ?? 0
        throw CheckpointError(
            code: code,
            message:
                "/\(path) is \(values[index]) at element \(index); parameters must be finite numbers.",
            rule: rule?.rawValue)
    }

    private static func history(_ history: MetricHistory) throws(CheckpointError) -> [StoredArray] {
        if history.agentSteps.isEmpty { return [] }
        guard zip(history.agentSteps, history.agentSteps.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw invalid("The agent steps of the metric history are not strictly increasing.")
        }
        var arrays = [StoredArray("history/agent_steps", .int64, values: history.agentSteps.map(Int64.init))]
        for (name, values) in history.columns {
            for part in name.split(separator: "/", omittingEmptySubsequences: false) { try require(String(part)) }
            guard values.count == history.agentSteps.count else {
                throw invalid("The metric '\(name)' has \(values.count) rows, not \(history.agentSteps.count).")
            }
            arrays.append(StoredArray("history/columns/\(name)", .float64, values: values))
        }
        return arrays
    }

    private static func arrays(
        _ worker: WorkerState, _ path: String, _ architecture: NetworkArchitecture
    ) throws(CheckpointError) -> [StoredArray] {
        let state = Worker(worker)
        if let complaint = state.shared.complaint ?? state.addedComplaint?.text {
            throw invalid("/\(path) \(complaint).")
        }
        var arrays = [try document("\(path)/state", state)]
        for (name, generator) in worker.generators {
            try require(name)
            arrays.append(StoredArray("\(path)/random/\(name)", .uint64, values: generator.words))
        }
        arrays += try Self.arrays(
            environment: worker.environment, observation: worker.observation, replay: worker.replay, path, architecture)
        return arrays + (try addedArrays(worker, path, architecture))
    }

    /// Returns the arrays of an environment and its part of the replay.
    static func arrays(
        environment: StateSnapshot?, observation: Observation?, replay: ReplaySnapshot?, _ path: String,
        _ architecture: NetworkArchitecture
    ) throws(CheckpointError) -> [StoredArray] {
        var arrays: [StoredArray] = []
        if let environment { arrays += try snapshot(environment, "\(path)/environment") }
        if let observation {
            guard observation.space == architecture.input else {
                throw invalid("A worker's observation has shape \(observation.space.shape) instead of the network's.")
            }
            arrays.append(
                StoredArray(
                    "\(path)/observation", bytes: observation.bytes, element: observation.space.element,
                    shape: observation.space.shape))
        }
        if let replay {
            try check(replay, "\(path)/replay", architecture)
            for column in replay.columns {
                try require(column.name)
                arrays.append(StoredArray("\(path)/replay/\(column.name)", column, of: replay))
            }
        }
        return arrays
    }

    /// Refuses a replay that a reader would refuse: its file could never be resumed.
    private static func check(
        _ replay: ReplaySnapshot, _ path: String, _ architecture: NetworkArchitecture
    ) throws(CheckpointError) {
        do throws(CheckpointError) {
            try ReplayRules.check(replay, path, actions: architecture.actionCount, optional: optionalReplayColumns)
            for column in replay.columns
            where replay.chunkLength > ContainerReader.Limit.chunkBytes / max(column.bytesPerSlot, 1) {
                throw .broken(
                    .replay,
                    "/\(path)/\(column.name) has chunks of \(replay.chunkLength) slots, more than 256 MiB each.")
            }
            // The elements of columns in a file have been checked there.
            if replay.columns.contains(where: \.isInFile) { return }
            var content = ReplayContent(
                of: replay, path, actions: architecture.actionCount, optional: optionalReplayColumns,
                content: nil, checksEpisodes: false)
            try content.checkMemory(of: replay)
        } catch { throw invalid(error.message) }
    }

    /// Returns the arrays of a snapshot under a path.
    static func snapshot(_ snapshot: StateSnapshot, _ path: String) throws(CheckpointError) -> [StoredArray] {
        try snapshot.values.map { (name, value) throws(CheckpointError) in
            try require(name)
            return switch value {
            case .float64(let values): StoredArray("\(path)/\(name)", .float64, values: values)
            case .float32(let values): StoredArray("\(path)/\(name)", .float32, values: values)
            case .int64(let values): StoredArray("\(path)/\(name)", .int64, values: values)
            case .uint64(let values): StoredArray("\(path)/\(name)", .uint64, values: values)
            case .uint8(let values): StoredArray("\(path)/\(name)", .uint8, values: values)
            }
        }
    }
}
