internal import DQNModel

extension Format1_1 {
    static func complete(
        _ worker: inout WorkerState, _ document: Worker, _ path: String, _ head: FormatHead,
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError) {
        worker.status = document.status
        worker.agentSteps = document.agentSteps
        worker.finalEpsilon = document.finalEpsilon
        worker.learner =
            try reader.part("\(path)/learner") { (reader) throws(CheckpointError) in
                try learner(document.learner, "\(path)/learner", reader)
            } ?? nil
    }

    private static func learner(
        _ document: Worker.Learner?, _ path: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> StateSnapshot? {
        let description = document.map { (kind: $0.kind, version: $0.version) }
        let learner = try snapshot(describedBy: description, path, reader, .learner)
        if let learner { try check(learner, path) }
        return learner
    }

    static func complete(
        _ summary: inout CheckpointSummary.Worker, _ document: Worker, onlyWorkerOf counters: Counters?
    ) {
        summary.status = document.status
        summary.agentSteps = document.agentSteps
        summary.finalEpsilon = document.finalEpsilon
        summary.learner = document.learner.map { .init(kind: $0.kind, version: $0.version) }
    }

    static func addedArrays(
        _ worker: WorkerState, _ path: String, _ architecture: NetworkArchitecture
    ) throws(CheckpointError) -> [StoredArray] {
        var arrays: [StoredArray] = []
        if let learner = worker.learner { arrays += try snapshot(learner, "\(path)/learner") }
        // A file that a reader refuses must not be written.
        do throws(CheckpointError) {
            if let learner = worker.learner { try check(learner, "\(path)/learner") }
        } catch { throw invalid(error.message) }
        return arrays
    }
}
