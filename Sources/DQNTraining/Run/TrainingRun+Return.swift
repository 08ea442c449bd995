internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import Foundation
internal import Logging

extension TrainingRun {
    /// Returns a run to an earlier checkpoint, from which it then resumes: keeps aside what is newer.
    ///
    /// - Parameter store: of the run's checkpoints; it holds the lock afterwards.
    /// - Throws: `CheckpointError`: `missing` if there is no such checkpoint; `malformed` if it is damaged.
    static func returnTo(
        _ which: CheckpointSelection, in directory: RunDirectory, _ store: CheckpointStore, _ logger: Logger
    ) throws {
        if which == .latest { return }
        try store.lock()
        let url = try CheckpointLocation.resolve(directory.url, which) { logger.warning("\($0)") }
        // Before anything moves.
        let summary = try CheckpointSummary(contentsOf: url)
        if let failure = Verifier.verify(url).failure { throw failure }
        let step = summary.counters.agentSteps
        guard let (folder, count) = try directory.keepAside(after: step, of: store) else { return }
        logger.notice(
            """
            returns to agent step \(step); '\(folder.path)' keeps the \(count) newer checkpoints, and the metrics until now
            """)
        let event: [String: JSONValue] = [
            "why": .string("returned"), "source": .string(summary.digest), "agent_steps": .integer(Int64(step)),
            "aside": .string(folder.lastPathComponent),
        ]
        if let notice = Lineage.record(event, in: directory.lineage) { logger.warning("\(notice)") }
    }
}
