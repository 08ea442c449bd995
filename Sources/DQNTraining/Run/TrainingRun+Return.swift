internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import Foundation
internal import Logging

extension TrainingRun {
    /// Returns an earlier checkpoint, from which a run is about to resume. Moves nothing.
    ///
    /// - Parameter store: of the run's checkpoints; it holds the lock afterwards.
    /// - Throws: `CheckpointError`: `missing` if there is no such checkpoint; `malformed` if it is damaged.
    static func checkpoint(
        toReturnTo which: CheckpointSelection, in directory: RunDirectory, _ store: CheckpointStore, _ logger: Logger
    ) throws -> (url: URL, checkpoint: Checkpoint)? {
        try store.removeUnfinished { logger.warning("\($0)") }
        let url = try CheckpointLocation.resolve(directory.url, which) { logger.warning("\($0)") }
        if let failure = Verifier.verify(url).failure { throw failure }
        return (url, try CheckpointStore.checkpoint(url))
    }

    /// Returns a run to an earlier checkpoint: keeps aside what is newer.
    ///
    /// - Parameter events: the events for TensorBoard, of which a copy is kept.
    static func keepAside(
        newerThan checkpoint: Checkpoint, in directory: RunDirectory, _ store: CheckpointStore, events: EventFolder?,
        _ logger: Logger
    ) throws {
        let step = checkpoint.counters.agentSteps
        let url = store.directory.appendingPathComponent(CheckpointStore.fileName(agentSteps: step))
        let digest = try CheckpointSummary(contentsOf: url).digest
        guard let (folder, count) = try directory.keepAside(after: step, of: store, events) else { return }
        logger.notice(
            """
            returns to agent step \(step); '\(folder.path)' keeps the \(count) newer checkpoints, and the metrics until now
            """)
        let event: [String: JSONValue] = [
            "why": .string("returned"), "source": .string(digest), "agent_steps": .integer(Int64(step)),
            "aside": .string(folder.lastPathComponent),
        ]
        if let notice = Lineage.record(event, in: directory.lineage) { logger.warning("\(notice)") }
    }
}
