internal import DQNModel

extension Format1_1 {
    static func head(_ reader: borrowing ContainerReader) throws(CheckpointError) -> FormatHead {
        try Format1_0.documents(reader)
    }

    static func workers(
        _ reader: borrowing ContainerReader, _ head: FormatHead
    ) throws(CheckpointError) -> [CheckpointSummary.Worker] {
        try Format1_0.eachWorker(reader) { (path, reader) throws(CheckpointError) in
            let state = try state(path, reader)
            var summary = CheckpointSummary.Worker(state.base)
            summary.standing = state.standing
            summary.agentSteps = state.agentSteps
            summary.finalEpsilon = state.finalEpsilon
            summary.learner = state.learner.map { .init(kind: $0.kind, version: $0.version) }
            return summary
        }
    }

    static func checkpoint(_ reader: borrowing ContainerReader) throws(CheckpointError) -> Checkpoint {
        try Format1_0.checkpoint(reader, head: head, worker: worker)
    }

    private static func worker(
        _ path: String, _ architecture: NetworkArchitecture, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> WorkerState {
        let state = try state(path, reader)
        var worker = try Format1_0.worker(state.base, path, architecture, reader, members: workerMembers)
        worker.standing = state.standing
        worker.agentSteps = state.agentSteps
        worker.finalEpsilon = state.finalEpsilon
        worker.learner =
            try reader.part("\(path)/learner") { (reader) throws(CheckpointError) in
                try learner(state.learner, "\(path)/learner", reader)
            } ?? nil
        if let replay = worker.replay {
            let isSound: Void? = try reader.part("\(path)/replay") { (reader) throws(CheckpointError) in
                try checkPriorities(replay, "\(path)/replay", readingContent: reader.readsReplays)
            }
            if isSound == nil { worker.replay = nil }
        }
        return worker
    }

    private static func learner(
        _ document: Worker.Learner?, _ path: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> StateSnapshot? {
        let values = try Format1_0.snapshotValues(path, reader, .learner)
        guard let document else {
            guard values.isEmpty else {
                throw .broken(.learner, "/\(path) belongs to no learner of its worker's state.")
            }
            return nil
        }
        let learner = StateSnapshot(kind: document.kind, version: document.version, values: values)
        try check(learner, path)
        return learner
    }

    private static func state(
        _ path: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> Worker {
        let state = try reader.document("\(path)/state", as: Worker.self)
        if let complaint = state.complaint { throw .broken(.learner, "/\(path)/state \(complaint).") }
        return state
    }

    static func arrays(_ checkpoint: Checkpoint) throws(CheckpointError) -> [StoredArray] {
        try Format1_0.arrays(checkpoint) { (worker, path) throws(CheckpointError) in
            let state = Worker(worker)
            if let complaint = state.base.complaint ?? state.complaint {
                throw Format1_0.invalid("/\(path) \(complaint).")
            }
            var arrays = try Format1_0.arrays(worker, path, checkpoint.architecture, state: state)
            if let learner = worker.learner { arrays += try Format1_0.snapshot(learner, "\(path)/learner") }
            // What a reader would refuse must not be written.
            do throws(CheckpointError) {
                if let learner = worker.learner { try check(learner, "\(path)/learner") }
                if let replay = worker.replay { try checkPriorities(replay, "\(path)/replay") }
            } catch { throw Format1_0.invalid(error.message) }
            return arrays
        }
    }
}
