import DQNCheckpoint
import Foundation
import Testing

/// Reads the files of a run's directory.
extension TemporaryDirectory {
    func checkpointURL(_ run: String, _ step: Int) -> URL {
        url.appendingPathComponent("\(run)/checkpoints/\(CheckpointStore.fileName(agentSteps: step))")
    }

    /// Returns the bytes of a run's checkpoint.
    func checkpointData(_ run: String, _ step: Int) throws -> Data {
        try Data(contentsOf: checkpointURL(run, step))
    }

    func checkpoint(_ run: String, _ step: Int) throws -> Checkpoint {
        try Checkpoint(contentsOf: checkpointURL(run, step))
    }

    /// Returns a run's newest checkpoint. No checkpoint may be damaged.
    func newest(_ run: String) throws -> Checkpoint {
        try CheckpointLocation.read(url.appendingPathComponent(run), .latest) {
            Issue.record("\($0)")
        } _: { (url) throws(CheckpointError) in
            try Checkpoint(contentsOf: url)
        }.value
    }

    /// Returns the agent steps of a run's checkpoints in increasing order.
    func savedSteps(_ run: String) -> [Int] {
        let folder = url.appendingPathComponent("\(run)/checkpoints")
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return ((try? CheckpointStore(directory: folder).entries()) ?? []).map(\.agentSteps)
    }

    /// Returns the rows of a run's `metrics.csv` without times and rates.
    func metricsWithoutClock(_ run: String) throws -> [String] {
        let rows = try String(contentsOfFile: self("\(run)/metrics.csv"), encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let kept = (rows.first ?? []).map {
            !["time/time_elapsed", "time/fps", "save/seconds", "save/failures"].contains($0)
        }
        return rows.map { zip($0, kept).filter(\.1).map(\.0).joined(separator: ",") }
    }
}
