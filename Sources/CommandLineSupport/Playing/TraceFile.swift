internal import DQNCheckpoint
package import DQNEnvironments
internal import DQNModel
package import Foundation

/// A new file with one JSON line per step of each episode.
package final class TraceFile {
    private struct Line: Encodable {
        var episode: Int
        var seed: UInt64
        var step: Int
        var observation: [Float]
        var action_values: [Float]
        /// Omitted if every action was allowed.
        var action_mask: [Bool]?
        var action: Int
        var reward: Double
        var terminated: Bool
        var truncated: Bool
    }

    private let url: URL
    private let handle: FileHandle
    private let encoder = JSONEncoder()

    /// Creates the file, which must not exist.
    package init(_ url: URL) throws {
        self.url = url
        guard !FileManager.default.fileExists(atPath: url.path) else {
            throw CheckpointError(
                code: .exists, message: "'\(url.path)' already exists; choose another file for --trace.")
        }
        guard FileManager.default.createFile(atPath: url.path, contents: nil),
            let handle = FileHandle(forWritingAtPath: url.path)
        else {
            throw CheckpointError(
                code: .inputOutput, message: "Cannot create '\(url.path)'; choose a writable directory.")
        }
        self.handle = handle
        encoder.outputFormatting = [.sortedKeys]
        // JSON cannot represent these numbers, but a trace must show the action values of a broken network.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    }

    /// Appends the line of a step.
    ///
    /// - Parameter seed: the seed that the episode's environment was reset with.
    package func append(_ step: EpisodePlayer.Step, episode: Int, seed: UInt64, actionValues: [Float]) throws {
        let line = Line(
            episode: episode, seed: seed, step: step.index, observation: step.observation.floats,
            action_values: actionValues, action_mask: step.actionMask, action: step.action,
            reward: step.outcome.reward, terminated: step.outcome.terminated,
            truncated: step.outcome.truncated)
        let text = try encoder.encode(line) + Data("\n".utf8)
        do { try handle.write(contentsOf: text) } catch {
            throw CheckpointError(
                code: .inputOutput, message: "Cannot write '\(url.path)'; free disk space.", underlying: error)
        }
    }

    /// Closes the file.
    package func close() throws { try handle.close() }
}
