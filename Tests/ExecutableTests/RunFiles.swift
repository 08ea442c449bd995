import DQNCheckpoint
import Foundation
import Testing

/// What is in a run's directory, by the run's name below a temporary one.
extension TemporaryDirectory {
    func checkpointURL(_ run: String, _ step: Int) -> URL {
        url.appendingPathComponent("\(run)/checkpoints/\(CheckpointStore.fileName(agentSteps: step))")
    }

    /// The bytes of a run's checkpoint.
    func checkpointData(_ run: String, _ step: Int) throws -> Data {
        try Data(contentsOf: checkpointURL(run, step))
    }

    func checkpoint(_ run: String, _ step: Int) throws -> Checkpoint {
        try Checkpoint(contentsOf: checkpointURL(run, step))
    }

    /// A run's newest checkpoint; none may be damaged.
    func newest(_ run: String) throws -> Checkpoint {
        try CheckpointLocation.read(url.appendingPathComponent(run), .latest) {
            Issue.record("\($0)")
        } _: { (url) throws(CheckpointError) in
            try Checkpoint(contentsOf: url)
        }.value
    }

    /// The agent steps of a run's checkpoints, rising; empty before the first.
    func savedSteps(_ run: String) -> [Int] {
        let folder = url.appendingPathComponent("\(run)/checkpoints")
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return ((try? CheckpointStore(directory: folder).entries()) ?? []).map(\.agentSteps)
    }

    /// The rows of a run's `metrics.csv` without elapsed time and rate.
    func metricsWithoutClock(_ run: String) throws -> [String] {
        let rows = try String(contentsOfFile: self("\(run)/metrics.csv"), encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let kept = (rows.first ?? []).map {
            !["time/time_elapsed", "time/fps", "save/seconds", "save/failures"].contains($0)
        }
        return rows.map { zip($0, kept).filter(\.1).map(\.0).joined(separator: ",") }
    }
}
