internal import DQNModel

/// Format 2.0: adds to 1.1 a seal that detects any damage before HDF5 reads a byte, and compressed replay chunks. See
/// `docs/format.md`.
///
/// Only the layout is new; the documents are those of 1.1.
enum Format2_0: FormatCodec {
    typealias Worker = Format1_1.Worker

    static let version = "2.0"
    static let layout = ContainerLayout.sealed
    static let architectureKeys = ArchitectureKeys.basic
    static let workerMembers = Format1_1.workerMembers

    static let optionalReplayColumns = Format1_1.optionalReplayColumns

    static func unsupportedParts(of architecture: NetworkArchitecture) -> [String] {
        Format1_1.unsupportedParts(of: architecture)
    }

    static func complete(
        _ worker: inout WorkerState, _ document: Worker, _ path: String, _ head: FormatHead,
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError) {
        try Format1_1.complete(&worker, document, path, head, reader)
    }

    static func complete(
        _ summary: inout CheckpointSummary.Worker, _ document: Worker, onlyWorkerOf counters: Counters?
    ) {
        Format1_1.complete(&summary, document, onlyWorkerOf: counters)
    }

    static func addedArrays(
        _ worker: WorkerState, _ path: String, _ architecture: NetworkArchitecture
    ) throws(CheckpointError) -> [StoredArray] {
        try Format1_1.addedArrays(worker, path, architecture)
    }
}
