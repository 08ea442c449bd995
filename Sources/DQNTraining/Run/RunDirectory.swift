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
    package var metrics: URL { url.appendingPathComponent("metrics.csv") }
    /// The metrics of each worker.
    package var workers: URL { url.appendingPathComponent("workers.csv") }
    /// The learning curve, redrawn after each evaluation.
    package var curve: URL { url.appendingPathComponent("curve.svg") }
    /// The parent of each checkpoint.
    package var lineage: URL { url.appendingPathComponent("lineage.jsonl") }
    var configurationFile: URL { url.appendingPathComponent("config.json") }

    /// Creates a value for a path; reads and creates nothing.
    public init(_ url: URL) { self.url = url }

    /// Whether the directory holds a run.
    package var holdsRun: Bool {
        FileManager.default.fileExists(atPath: configurationFile.path)
            || !((try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []).isEmpty
    }

    /// Checks that the directory holds no run.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`).
    func requireNoRun() throws(TrainingError) {
        guard !holdsRun else {
            throw TrainingError(
                code: .outputDirectory,
                message:
                    "'\(url.path)' already holds a run; continue it with --resume '\(url.path)', or choose another --out."
            )
        }
    }

    /// Creates the directories of a new run unless they exist.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`).
    func createFolders() throws(TrainingError) {
        do {
            try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
        } catch { throw Self.cannotWrite(url, error) }
    }

    /// Creates a new run in existing directories.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`) if they already hold a run or cannot be written.
    func create(_ configuration: TrainingConfiguration, _ options: TrainingRun.Options) throws(TrainingError) {
        try requireNoRun()
        try write(configuration, options)
        // A checkpoint survives a power failure only if the directories above it do.
        for folder in [url, url.deletingLastPathComponent()] { try Self.synchronise(folder) }
    }

    /// Flushes a directory's entries to disk; skips a directory without read permission, which cannot be opened.
    static func synchronise(_ folder: URL) throws(TrainingError) {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw cannotWrite(folder, NSError(domain: NSPOSIXErrorDomain, code: Int(errno)))
        }
    }

    /// Creates or replaces a file atomically and opens it for appending.
    static func createLog(_ url: URL, contents: String) throws(TrainingError) -> FileHandle {
        do {
            try Data(contents.utf8).write(to: url, options: .atomic)
            let handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
            return handle
        } catch { throw cannotWrite(url, error) }
    }

    static func cannotWrite(_ url: URL, _ error: any Error) -> TrainingError {
        TrainingError(
            code: .outputDirectory,
            message:
                "'\(url.path)' cannot be written (\(systemReason(error))); free some space or choose another --out.",
            underlying: error)
    }
}
