internal import DQNModel

extension Format2_1 {
    static func complete(
        _ worker: inout WorkerState, _ document: Worker, _ path: String, _ head: FormatHead,
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError) {
        try Format2_0.complete(&worker, document.previous, path, head, reader)
        worker.actionMask = try mask(path, head.architecture, reader)
        _ = try reader.part("\(path)/environments") { (reader) throws(CheckpointError) in
            try checkNumbers(document, path, reader)
        }
        for index in document.environments.indices {
            let place = additionalEnvironment(index, path)
            let environment = try reader.part(place) { (reader) throws(CheckpointError) in
                try Self.environment(document.environments[index], place, head, reader)
            }
            // An empty one replaces an unreadable one, so that the others keep their numbers.
            worker.additionalEnvironments.append(environment ?? SubEnvironmentState())
        }
    }

    /// Rule 23: the groups of the environments are numbered like the document's entries. An environment without any
    /// array has no group.
    private static func checkNumbers(
        _ document: Worker, _ path: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) {
        let numbers = Set(document.environments.indices.map { String($0 + 1) })
        if let extra = reader.members("\(path)/environments").first(where: { !numbers.contains($0) }) {
            throw .broken(.environments, "/\(path)/environments/\(extra) is not described by its worker's state.")
        }
    }

    private static func environment(
        _ document: Worker.Environment, _ path: String, _ head: FormatHead,
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> SubEnvironmentState {
        let members = reader.members(path)
        guard environmentMembers.isSuperset(of: members) else {
            throw .broken(.environments, "/\(path) has members that are not part of the format: \(members.prefix(16)).")
        }
        let (state, observation, replay) = try Self.environment(
            describedBy: document.environment, replay: document.replay, path, head, reader)
        return SubEnvironmentState(
            environment: state, observation: observation, actionMask: try mask(path, head.architecture, reader),
            episodeReturn: document.episodeReturn, episodeLength: document.episodeLength, replay: replay)
    }

    private static func mask(
        _ path: String, _ architecture: NetworkArchitecture, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> [UInt8]? {
        guard reader.members(path).contains(actionMask) else { return nil }
        return try reader.part("\(path)/\(actionMask)") { (reader) throws(CheckpointError) in
            let mask: [UInt8] = try reader.values(
                "\(path)/\(actionMask)", .uint8, shape: [architecture.actionCount], rule: .masks)
            try check(mask, "\(path)/\(actionMask)")
            return mask
        }
    }

    static func complete(
        _ summary: inout CheckpointSummary.Worker, _ document: Worker, onlyWorkerOf counters: Counters?
    ) {
        Format2_0.complete(&summary, document.previous, onlyWorkerOf: counters)
        summary.environments = document.environments.count + 1
    }

    static func addedArrays(
        _ worker: WorkerState, _ path: String, _ architecture: NetworkArchitecture
    ) throws(CheckpointError) -> [StoredArray] {
        var arrays = try Format2_0.addedArrays(worker, path, architecture)
        arrays += try maskArrays(worker.actionMask, path, architecture)
        for (index, state) in worker.additionalEnvironments.enumerated() {
            let place = additionalEnvironment(index, path)
            arrays += try Self.arrays(
                environment: state.environment, observation: state.observation, replay: state.replay, place,
                architecture)
            arrays += try maskArrays(state.actionMask, place, architecture)
        }
        return arrays
    }

    /// Returns the array of a mask.
    private static func maskArrays(
        _ mask: [UInt8]?, _ path: String, _ architecture: NetworkArchitecture
    ) throws(CheckpointError) -> [StoredArray] {
        guard let mask else { return [] }
        do throws(CheckpointError) {
            guard mask.count == architecture.actionCount else {
                throw .broken(
                    .masks, "/\(path)/\(actionMask) has \(mask.count) values for \(architecture.actionCount) actions.")
            }
            try check(mask, "\(path)/\(actionMask)")
            return [StoredArray("\(path)/\(actionMask)", .uint8, values: mask)]
        } catch { throw invalid(error.message) }
    }
}
