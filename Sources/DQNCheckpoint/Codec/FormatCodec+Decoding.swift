internal import DQNModel

extension FormatCodec {
    /// Reads the documents that every reader needs first; rule 10. Of these the network alone is indispensable.
    static func head(_ reader: borrowing ContainerReader) throws(CheckpointError) -> FormatHead {
        let configuration = try reader.part("configuration", configuration)
        let progress = try reader.part("progress", progress)
        let architecture = try reader.document("architecture", as: NetworkArchitecture.self)
        let layout: ParameterLayout
        do { layout = try ParameterLayout(architecture) } catch {
            throw .broken(.documents, "/architecture cannot be built: \(error.message)", error)
        }
        guard supports(architecture.head) else {
            throw .broken(.documents, "/architecture has a head that format \(version) does not have.")
        }
        return FormatHead(
            configuration: configuration ?? .object([:]), architecture: architecture, layout: layout,
            progress: progress
                ?? ProgressDocument(salvaging: reader.manifest.attributes[FileLayout.agentSteps]))
    }

    private static func configuration(_ reader: borrowing ContainerReader) throws(CheckpointError) -> JSONValue {
        let configuration = try reader.document("configuration", as: JSONValue.self)
        guard case .object = configuration else { throw .broken(.documents, "/configuration is no JSON object.") }
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

    /// Reads a flat vector from the datasets of a group: exactly the network's names and shapes, finite numbers.
    static func vector(
        _ group: String, _ layout: ParameterLayout, _ reader: borrowing ContainerReader, _ rule: Rule
    ) throws(CheckpointError) -> [Float] {
        let names = Set(layout.entries.map(\.name))
        if let extra = reader.descendants(group).first(where: { !names.contains($0) }) {
            throw .broken(rule, "/\(group)/\(extra) is no parameter of the network.")
        }
        // Bounded by the datasets, which are bounded by the file's size, before anything is allocated.
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
        // Not filled with zeros first: that would be a pass over the memory of its own.
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

    /// Reads a whole checkpoint; every dataset's digest is checked on the way, and every rule of the version.
    ///
    /// Every part is read on its own: see ``ContainerReader/part(_:_:)``. A part that is not there for a broken rule is
    /// absent from the checkpoint; without a network or its parameters there is none.
    static func checkpoint(_ reader: borrowing ContainerReader) throws(CheckpointError) -> Checkpoint {
        var checkpoint: Checkpoint?
        if let head = try reader.part("architecture", head) {
            checkpoint = try Self.checkpoint(reader, head)
        }
        if reader.manifest["history/agent_steps"] != nil {
            let history = try reader.part("history", history)
            checkpoint?.history = history ?? MetricHistory()
        }
        if let head = checkpoint {
            checkpoint?.workers = try workers(reader, head.architecture)
        }
        let extensions = try extensions(reader)
        checkpoint?.extensions = extensions
        _ = try reader.part("", checkPlaces)
        guard let checkpoint, !checkpoint.online.isEmpty else {
            let reason = reader.findings.all.first { ["architecture", "parameters/online"].contains($0.part) }
            throw reason?.error ?? .broken(.parameters, "'\(reader.path)' holds no network.")
        }
        return checkpoint
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
                throw .broken(.parameters, "/parameters holds something else than online and target.")
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

    /// Every dataset has a place in the format; rule 7.
    private static func checkPlaces(_ reader: borrowing ContainerReader) throws(CheckpointError) {
        var known = ["configuration", "architecture", "progress", "parameters", "workers", "extensions"]
        if reader.manifest["optimizer/state"] != nil { known.append("optimizer") }
        if reader.manifest["history/agent_steps"] != nil { known.append("history") }
        if let extra = reader.manifest.datasets.first(where: { entry in
            !known.contains(String(entry.path.prefix { $0 != "/" }))
        }) {
            throw .broken(.completeness, "/\(extra.path) has no place in format \(reader.version).")
        }
    }

    private static func optimizer(
        _ layout: ParameterLayout, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> OptimizerState {
        let document = try reader.document("optimizer/state", as: OptimizerDocument.self)
        guard reader.members("optimizer").allSatisfy({ ["state", "slots"].contains($0) }) else {
            throw .broken(.optimizer, "/optimizer holds something else than state and slots.")
        }
        var slots: [String: [Float]] = [:]
        for name in reader.members("optimizer/slots") {
            slots[name] = try vector("optimizer/slots/\(name)", layout, reader, .optimizer)
        }
        if let complaint = document.complaint { throw .broken(.optimizer, "/optimizer/state \(complaint).") }
        return OptimizerState(
            kind: document.kind, hyperparameters: document.hyperparameters, stepCount: document.stepCount, slots: slots)
    }

    private static func history(_ reader: borrowing ContainerReader) throws(CheckpointError) -> MetricHistory {
        var history = MetricHistory()
        let steps: [Int64] = try reader.values("history/agent_steps", .int64, rule: .history)
        history.agentSteps = steps.map(Int.init)
        guard zip(steps, steps.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .broken(.history, "/history/agent_steps does not rise.")
        }
        for name in reader.descendants("history") where name != "agent_steps" {
            guard name.hasPrefix("columns/") else { throw .broken(.history, "/history/\(name) has no place there.") }
            let column: [Double]? = try reader.part("history/\(name)") { (reader) throws(CheckpointError) in
                try reader.values("history/\(name)", .float64, shape: [steps.count], rule: .history)
            }
            if let column { history.columns[String(name.dropFirst(8))] = column }
        }
        return history
    }
}

extension ProgressDocument {
    /// What is left of a document that is lost: the count that stands in the root attributes, too.
    fileprivate init(salvaging agentSteps: String?) {
        self.init(counters: Counters(), reachedTarget: false, statistics: [:], stripped: [])
        counters.agentSteps = agentSteps.flatMap { Int($0) } ?? 0
    }
}
