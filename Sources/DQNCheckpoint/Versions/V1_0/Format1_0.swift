internal import DQNModel

/// Format 1.0: networks of action values and contiguous replays. See `docs/format.md`.
///
/// It consists of what all versions share.
enum Format1_0: FormatCodec {
    typealias Worker = SharedWorkerDocument

    static let version = "1.0"
    static let layout = ContainerLayout.plain
    static let workerMembers: Set = ["state", "random", "environment", "observation", "replay"]

    static func supports(_ head: NetworkArchitecture.Head) -> Bool {
        switch head {
        case .actionValues: true
        case .dueling, .actorCritic, .quantiles: false
        }
    }

    static func complete(
        _ worker: inout WorkerState, _ document: Worker, _ path: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) {}

    static func complete(
        _ summary: inout CheckpointSummary.Worker, _ document: Worker, onlyWorkerOf counters: Counters?
    ) {
        // 1.0 does not record how several workers divide the steps.
        summary.agentSteps = counters?.agentSteps
    }

    static func addedArrays(_ worker: WorkerState, _ path: String) throws(CheckpointError) -> [StoredArray] { [] }
}
