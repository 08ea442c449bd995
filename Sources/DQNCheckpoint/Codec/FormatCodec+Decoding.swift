internal import DQNModel

extension FormatCodec {
    /// Reads the documents that every reader needs first; rule 10. Only the network is indispensable.
    static func head(_ reader: borrowing ContainerReader) throws(CheckpointError) -> FormatHead {
        let configuration = try reader.part("configuration", configuration)
        let progress = try reader.part("progress", progress)
        let (bytes, keys) = try reader.json("architecture")
        let architecture = try reader.document("architecture", bytes, as: NetworkArchitecture.self)
        let layout = try checkedLayout(of: architecture, keys: keys)
        return FormatHead(
            configuration: configuration ?? .object([:]), architecture: architecture, layout: layout,
            progress: progress
                ?? ProgressDocument(salvaging: reader.manifest.attributes[FileLayout.agentSteps]))
    }

    /// Checks a decoded network and the keys of its document.
    static func checkedLayout(
        of architecture: NetworkArchitecture, keys: JSONValue
    ) throws(CheckpointError) -> ParameterLayout {
        let layout: ParameterLayout
        do { layout = try ParameterLayout(architecture) } catch {
            throw .broken(.documents, "/architecture is invalid: \(error.message)", error)
        }
        if let part = unsupportedParts(of: architecture).first {
            throw .broken(.documents, "/architecture has \(part), which format \(version) does not support.")
        }
        if let key = architectureKeys.unknownKey(in: keys) {
            throw .broken(
                .architectureKeys,
                "/architecture has the key '\(key)', which format \(version) does not define: the network may be another "
                    + "one than its known keys describe.")
        }
        return layout
    }

    private static func configuration(_ reader: borrowing ContainerReader) throws(CheckpointError) -> JSONValue {
        let configuration = try reader.json("configuration").value
        if let complaint = ConfigurationDocument.complaint(about: configuration) {
            throw .broken(.documents, "/configuration \(complaint).")
        }
        if let complaint = PlayingKeys.complaint(about: configuration) {
            throw .broken(.playingKeys, "In /configuration, \(complaint).")
        }
        return configuration
    }

    private static func progress(_ reader: borrowing ContainerReader) throws(CheckpointError) -> ProgressDocument {
        let progress = try reader.document("progress", as: ProgressDocument.self)
        if let complaint = progress.complaint { throw .broken(.documents, "/progress \(complaint).") }
        guard reader.manifest.attributes[FileLayout.agentSteps] == String(progress.counters.agentSteps) else {
            throw .broken(.documents, "The root attribute agent_steps differs from the counter in /progress.")
        }
        return progress
    }

    /// Reads a flat vector from the datasets of a group, which must have the network's names and shapes and finite
    /// values.
    static func vector(
        _ group: String, _ layout: ParameterLayout, _ reader: borrowing ContainerReader, _ rule: Rule
    ) throws(CheckpointError) -> [Float] {
        let names = Set(layout.entries.map(\.name))
        if let extra = reader.descendants(group).first(where: { !names.contains($0) }) {
            throw .broken(rule, "/\(group)/\(extra) is not a parameter of the network.")
        }
        // Before allocating: the datasets, and so the file's size, bound the vector.
        for entry in layout.entries {
            let stored = try reader.entry("\(group)/\(entry.name)", .float32, rule: rule)
            guard stored.shape == entry.shape else {
                throw .broken(rule, "/\(stored.path) has shape \(stored.shape), but the network needs \(entry.shape).")
            }
        }
        guard layout.count <= reader.byteCount / 4 else {
            throw .broken(.types, "The file is too short for \(layout.count) parameters in /\(group).")
        }
        var failure: CheckpointError?
        // The memory is not zeroed first, because that would take another pass over it.
        let values = [Float](unsafeUninitializedCapacity: layout.count) { buffer, count in
            do throws(CheckpointError) {
                for entry in layout.entries {
                    let part = UnsafeMutableBufferPointer(rebasing: buffer[entry.range])
                    let stored = try reader.entry("\(group)/\(entry.name)", .float32, rule: rule)
                    try reader.read(stored, into: UnsafeMutableRawBufferPointer(part))
                    try requireFinite(UnsafeBufferPointer(part), stored.path, .malformed, rule)
                }
                count = layout.count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return values
    }

    /// Reads a whole checkpoint and checks the digest of every dataset and all rules of the version.
    ///
    /// Reads every part separately, see ``ContainerReader/part(_:_:)``. A part that breaks a rule is absent from the
    /// checkpoint; without the network or its parameters there is no checkpoint.
    static func checkpoint(_ reader: borrowing ContainerReader) throws(CheckpointError) -> Checkpoint {
        var checkpoint: Checkpoint?
        let head = try reader.part("architecture", head)
        if let head { checkpoint = try Self.checkpoint(reader, head) }
        let history = try reader.part("history", history)
        checkpoint?.history = history ?? MetricHistory()
        if let head { checkpoint?.workers = try workerStates(reader, head) }
        let extensions = try extensions(reader)
        checkpoint?.extensions = extensions
        _ = try reader.part("", checkPlaces)
        guard let checkpoint, !checkpoint.online.isEmpty else {
            let reason = reader.findings.all.first { ["architecture", "parameters/online"].contains($0.part) }
            throw reason?.error ?? .broken(.parameters, "'\(reader.path)' contains no network.")
        }
        return try meaningful(checkpoint, reader)
    }

    /// Checks what the parts mean together, and removes those that no run can continue from; rules 27 to 31. The elements of replays
    /// have been checked as they were read.
    private static func meaningful(
        _ checkpoint: Checkpoint, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> Checkpoint {
        var result = checkpoint
        let failures = Meaning.failures(
            of: checkpoint, isWhole: checkpoint.stripped.isEmpty && reader.findings.all.isEmpty)
        for failure in failures {
            let isSound: Void? = try reader.part(failure.part) { (_) throws(CheckpointError) in throw failure.error }
            if isSound == nil { failure.remove(&result) }
        }
        return result
    }

    /// Reads the networks and the optimiser into a checkpoint.
    private static func checkpoint(
        _ reader: borrowing ContainerReader, _ head: FormatHead
    ) throws(CheckpointError) -> Checkpoint {
        let online = try reader.part("parameters/online") { (reader) throws(CheckpointError) in
            try vector("parameters/online", head.layout, reader, .parameters)
        }
        var checkpoint = Checkpoint(
            writer: reader.writer, configuration: head.configuration, architecture: head.architecture,
            online: online ?? [],
            counters: head.progress.counters, evaluation: head.progress.evaluation,
            bestEvaluation: head.progress.bestEvaluation, reachedTarget: head.progress.reachedTarget,
            statistics: head.progress.statistics, stripped: head.progress.stripped)
        let groups = reader.members("parameters")
        _ = try reader.part("parameters") { (_) throws(CheckpointError) in
            guard groups.allSatisfy({ ["online", "target"].contains($0) }) else {
                throw .broken(.parameters, "/parameters has members other than online and target.")
            }
        }
        if groups.contains("target") {
            checkpoint.target = try reader.part("parameters/target") { (reader) throws(CheckpointError) in
                try vector("parameters/target", head.layout, reader, .parameters)
            }
        }
        if reader.manifest["optimizer/state"] != nil {
            checkpoint.optimizer = try reader.part("optimizer") { (reader) throws(CheckpointError) in
                try optimizer(head.layout, reader)
            }
        }
        return checkpoint
    }

    /// Checks that every dataset belongs to the format; rule 7.
    private static func checkPlaces(_ reader: borrowing ContainerReader) throws(CheckpointError) {
        var known = ["configuration", "architecture", "progress", "parameters", "workers", "extensions"]
        if reader.manifest["optimizer/state"] != nil { known.append("optimizer") }
        if reader.manifest["history/agent_steps"] != nil { known.append("history") }
        if let extra = reader.manifest.datasets.first(where: { entry in
            !known.contains(String(entry.path.prefix { $0 != "/" }))
        }) {
            throw .broken(.completeness, "/\(extra.path) is not part of format \(reader.version).")
        }
    }

    private static func optimizer(
        _ layout: ParameterLayout, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> OptimizerState {
        let document = try reader.document("optimizer/state", as: OptimizerDocument.self)
        guard reader.members("optimizer").allSatisfy({ ["state", "slots"].contains($0) }) else {
            throw .broken(.optimizer, "/optimizer has members other than state and slots.")
        }
        var slots: [String: [Float]] = [:]
        for name in reader.members("optimizer/slots") {
            slots[name] = try vector("optimizer/slots/\(name)", layout, reader, .optimizer)
        }
        if let complaint = document.complaint { throw .broken(.optimizer, "/optimizer/state \(complaint).") }
        return OptimizerState(
            kind: document.kind, hyperparameters: document.hyperparameters, stepCount: document.stepCount, slots: slots)
    }

    /// Reads the learning curve, if there is one; rule 13.
    static func history(_ reader: borrowing ContainerReader) throws(CheckpointError) -> MetricHistory {
        var history = MetricHistory()
        guard reader.manifest["history/agent_steps"] != nil else { return history }
        let steps: [Int64] = try reader.values("history/agent_steps", .int64, rule: .history)
        history.agentSteps = steps.map(Int.init)
        guard zip(steps, steps.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .broken(.history, "/history/agent_steps is not strictly increasing.")
        }
        for name in reader.descendants("history") where name != "agent_steps" {
            guard name.hasPrefix("columns/") else {
                throw .broken(.history, "/history/\(name) is not part of the format.")
            }
            let column: [Double]? = try reader.part("history/\(name)") { (reader) throws(CheckpointError) in
                try reader.values("history/\(name)", .float64, shape: [steps.count], rule: .history)
            }
            if let column { history.columns[String(name.dropFirst(8))] = column }
        }
        return history
    }
}

extension ProgressDocument {
    /// Creates a substitute for an unreadable document from the count in the root attributes.
    fileprivate init(salvaging agentSteps: String?) {
        self.init(counters: Counters(), reachedTarget: false, statistics: [:], stripped: [])
        counters.agentSteps = agentSteps.flatMap { Int($0) } ?? 0
    }
}
