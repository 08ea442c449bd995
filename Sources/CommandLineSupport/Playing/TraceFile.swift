internal import DQNCheckpoint
package import DQNEnvironments
internal import DQNModel
internal import DQNSupport
package import Foundation

/// A file with one JSON line per step of each episode: a new file, or an existing pipe or device.
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
        /// Whether the episode was cut off after this step, which neither terminated nor truncated it.
        var cut_off: Bool
    }

    private static let inherited = ["/dev/stdout": STDOUT_FILENO, "/dev/stderr": STDERR_FILENO]

    private let url: URL
    private let handle: FileHandle
    private let encoder = JSONEncoder()

    /// Creates the file, which must not exist. A pipe or a device, such as `/dev/stdout`, is opened.
    ///
    /// - Throws: `CheckpointError`: `exists`, or `inputOutput` with the system's reason.
    package init(_ url: URL) throws {
        self.url = url
        let descriptor: Int32
        if let inherited = Self.inherited[url.path] {
            // Opened by name, a file behind it would be written from its beginning.
            descriptor = dup(inherited)
        } else {
            var information = stat()
            let isStream =
                stat(url.path, &information) == 0 && [S_IFIFO, S_IFCHR].contains(information.st_mode & S_IFMT)
            descriptor = open(url.path, O_WRONLY | O_CLOEXEC | (isStream ? 0 : O_CREAT | O_EXCL), 0o666)
        }
        guard descriptor >= 0 else {
            let reason = SystemError(errno)
            if reason.number == EEXIST {
                throw CheckpointError(
                    code: .exists, message: "'\(url.path)' already exists; choose another file for --trace.")
            }
            throw CheckpointError(
                code: .inputOutput, message: "Cannot create '\(url.path)' (\(reason)); choose a writable directory.",
                underlying: reason)
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        encoder.outputFormatting = [.sortedKeys]
        // JSON cannot represent these numbers, but a trace must show the action values of a broken network.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    }

    /// Appends the line of a step.
    ///
    /// - Parameters:
    ///   - seed: the seed that the episode's environment was reset with.
    ///   - isCutOff: whether the episode is cut off after this step.
    /// - Throws: `CheckpointError` (`inputOutput`) with the system's reason.
    package func append(
        _ step: EpisodePlayer.Step, episode: Int, seed: UInt64, actionValues: [Float], isCutOff: Bool
    ) throws {
        let line = Line(
            episode: episode, seed: seed, step: step.index, observation: step.observation.floats,
            action_values: actionValues, action_mask: step.actionMask, action: step.action,
            reward: step.outcome.reward, terminated: step.outcome.terminated,
            truncated: step.outcome.truncated, cut_off: isCutOff)
        let text = try Data(PrintableText.json(Array(encoder.encode(line)))) + Data("\n".utf8)
        do throws(SystemError) { try text.write(toDescriptor: handle.fileDescriptor) } catch {
            throw cannotWrite(error)
        }
    }

    /// Closes the file.
    ///
    /// - Throws: `CheckpointError` (`inputOutput`): some file systems report only now that the disk is full.
    package func close() throws { do { try handle.close() } catch { throw cannotWrite(error) } }

    private func cannotWrite(_ error: any Error) -> CheckpointError {
        CheckpointError(
            code: .inputOutput,
            message: "Cannot write '\(url.path)' (\(systemReason(error))); free disk space or choose another file.",
            underlying: error)
    }
}
