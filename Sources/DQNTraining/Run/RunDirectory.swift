internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
public import Foundation

/// A run's directory, with `config.json`, `metrics.csv`, `workers.csv`, `curve.svg`, `lineage.jsonl` and `checkpoints/`.
public struct RunDirectory: Sendable {
    /// The directory.
    public let url: URL
    /// The directory of checkpoints.
    public var checkpoints: URL { url.appendingPathComponent("checkpoints", isDirectory: true) }
    /// The metrics by agent step, with wall-clock times.
    package var metrics: URL { url(.metrics) }
    /// The metrics of each worker.
    package var workers: URL { url(.workers) }
    /// The learning curve, redrawn after each evaluation.
    package var curve: URL { url(.curve) }
    /// The parent of each checkpoint.
    package var lineage: URL { url(.lineage) }
    var configurationFile: URL { url(.configuration) }

    /// Creates a value for a path; reads and creates nothing.
    public init(_ url: URL) { self.url = url }

    /// Creates the directories of a new run unless they exist.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`).
    func createFolders() throws(TrainingError) {
        do throws(SystemError) { try Directories.create(checkpoints.path) } catch {
            throw Self.cannotWrite(url.path, error)
        }
    }

    /// Creates a new run in existing directories, which the caller has locked. Its configuration is the first file: a
    /// directory with any other file of a run but without this one belongs to somebody else.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`) if they cannot be written.
    func create(_ configuration: TrainingConfiguration, _ options: TrainingRun.Options) throws(TrainingError) {
        try write(configuration, options)
        // A checkpoint survives a power failure only if the directories above it do.
        for folder in [url, url.deletingLastPathComponent()] {
            do throws(SystemError) { try Directories.synchronise(folder.path) } catch {
                throw Self.cannotWrite(folder.path, error)
            }
        }
    }

    /// Creates or replaces a file atomically and opens it for appending.
    static func createLog(_ url: URL, contents: String) throws(TrainingError) -> AppendedFile {
        do throws(SystemError) {
            try AtomicFile.write(Data(contents.utf8), to: url.path)
            return try AppendedFile(url.path)
        } catch { throw cannotWrite(url.path, error) }
    }

    static func cannotWrite(_ path: String, _ error: SystemError) -> TrainingError {
        let remedy =
            switch error.number {
            case ENOSPC, EDQUOT, EFBIG: "free some space, then start again"
            case EACCES, EPERM, EROFS: "choose a directory that you may write to"
            default: "check the path, or choose another --out"
            }
        return TrainingError(
            code: .outputDirectory, message: "'\(path)' cannot be written (\(error)); \(remedy).", underlying: error)
    }
}
