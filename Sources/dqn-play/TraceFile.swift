import DQNCheckpoint
import DQNEnvironments
import DQNModel
import Foundation

/// A new file with a JSON line for each step of each episode.
final class TraceFile {
    private struct Line: Encodable {
        var episode: Int
        var step: Int
        var observation: [Float]
        var action_values: [Float]
        var action: Int
        var reward: Double
        var terminated: Bool
        var truncated: Bool
    }

    private let url: URL
    private let handle: FileHandle
    private let encoder = JSONEncoder()

    /// Creates the file; one that is there is refused.
    init(_ url: URL) throws {
        self.url = url
        guard !FileManager.default.fileExists(atPath: url.path) else {
            throw CheckpointError(
                code: .exists, message: "'\(url.path)' exists and would be overwritten; choose another --trace file.")
        }
        guard FileManager.default.createFile(atPath: url.path, contents: nil),
            let handle = FileHandle(forWritingAtPath: url.path)
        else {
            throw CheckpointError(
                code: .inputOutput, message: "'\(url.path)' cannot be created; choose a directory that can be written.")
        }
        self.handle = handle
        encoder.outputFormatting = [.sortedKeys]
        // JSON has no such numbers; an action value of a broken network is what a trace is read for.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    }

    func append(_ step: EpisodePlayer.Step, episode: Int, actionValues: [Float]) throws {
        let line = Line(
            episode: episode, step: step.index, observation: step.observation.floats, action_values: actionValues,
            action: step.action, reward: step.outcome.reward, terminated: step.outcome.terminated,
            truncated: step.outcome.truncated)
        let text = try encoder.encode(line) + Data("\n".utf8)
        do { try handle.write(contentsOf: text) } catch {
            throw CheckpointError(
                code: .inputOutput, message: "'\(url.path)' cannot be written; make room.", underlying: error)
        }
    }

    func close() throws { try handle.close() }
}
