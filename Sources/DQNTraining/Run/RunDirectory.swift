internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
public import Foundation

/// A run's directory: `config.json`, `metrics.csv`, `workers.csv`, `curve.svg`, `lineage.jsonl`, `checkpoints/`.
public struct RunDirectory: Sendable {
    /// What belongs to the run's conduct, not to what it computes: `config.json` holds it beside the configuration.
    public struct Options: Sendable, Equatable, Codable {
        /// Agent steps at which the run stops, counted from its beginning.
        public var steps: Int
        /// Agent steps between saves; 0 saves at the end and at a new best only.
        public var saveEvery: Int
        /// How many of the newest checkpoints are kept; the best is kept besides.
        public var keep: Int
        /// Bytes that the run's workers may take; `nil` for what the machine has.
        public var memory: Int?
        /// Seconds without a finished step after which a worker counts as stuck; `nil` for the default.
        public var workerTimeout: Double?

        /// Creates options.
        public init(steps: Int, saveEvery: Int, keep: Int, memory: Int? = nil, workerTimeout: Double? = nil) {
            self.steps = steps
            self.saveEvery = saveEvery
            self.keep = keep
            self.memory = memory
            self.workerTimeout = workerTimeout
        }

        enum CodingKeys: String, CodingKey {
            case steps
            case saveEvery = "save_every"
            case keep
            case memory
            case workerTimeout = "worker_timeout"
        }

        /// How the trainer runs its workers.
        var conduct: Trainer.Conduct {
            var conduct = Trainer.Conduct(memory: memory, saveInterval: saveEvery > 0 ? saveEvery : nil)
            if let workerTimeout { conduct.workerTimeout = workerTimeout }
            return conduct
        }
    }

    /// What `config.json` holds.
    struct Description: Codable {
        var configuration: JSONValue
        var run: Options
        /// Library and instruction set that results depend on.
        var compute: String
    }

    /// The directory.
    public let url: URL
    /// Where checkpoints are.
    public var checkpoints: URL { url.appendingPathComponent("checkpoints", isDirectory: true) }
    /// The learning curve with wall-clock figures.
    public var metrics: URL { url.appendingPathComponent("metrics.csv") }
    /// The figures of each worker.
    public var workers: URL { url.appendingPathComponent("workers.csv") }
    /// The learning curve as a picture, drawn anew at each evaluation.
    public var curve: URL { url.appendingPathComponent("curve.svg") }
    /// What each checkpoint came from.
    public var lineage: URL { url.appendingPathComponent("lineage.jsonl") }
    private var description: URL { url.appendingPathComponent("config.json") }

    /// Names a directory; nothing is read or made.
    public init(_ url: URL) { self.url = url }

    /// Whether the directory holds a run.
    public var holdsRun: Bool {
        FileManager.default.fileExists(atPath: description.path)
            || !((try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []).isEmpty
    }

    /// Refuses a directory that holds a run.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`).
    func requireNoRun() throws(TrainingError) {
        guard !holdsRun else {
            throw TrainingError(
                code: .outputDirectory,
                message:
                    "'\(url.path)' holds a run already; go on with --resume '\(url.path)', or choose another --out.")
        }
    }

    /// Makes the directories of a new run, as far as they are missing.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`) when they cannot be made.
    func makeFolders() throws(TrainingError) {
        do {
            try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
        } catch { throw Self.unwritable(url, error) }
    }

    /// Makes a new run of directories that are there.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`) when there is a run already or nothing can be written.
    func create(_ configuration: TrainingConfiguration, _ options: Options) throws(TrainingError) {
        try requireNoRun()
        try write(configuration, options)
        // A checkpoint is no safer than the directories that lead to it.
        for folder in [url, url.deletingLastPathComponent()] { try Self.synchronise(folder) }
    }

    /// Has the disk record what is in a directory; one that may not be read cannot be asked to.
    private static func synchronise(_ folder: URL) throws(TrainingError) {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw unwritable(folder, NSError(domain: NSPOSIXErrorDomain, code: Int(errno)))
        }
    }

    /// Writes `config.json`, all or nothing.
    func write(_ configuration: TrainingConfiguration, _ options: Options) throws(TrainingError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let contents = Description(
            configuration: configuration.json, run: options, compute: ComputeThreads.libraryDescription)
        do { try encoder.encode(contents).write(to: description, options: .atomic) } catch {
            throw Self.unwritable(description, error)
        }
    }

    /// Reads `config.json`.
    ///
    /// - Throws: ``TrainingError`` (`nothingToResume`) when there is none or it cannot be read.
    func read() throws(TrainingError) -> Description {
        do {
            return try JSONDecoder().decode(Description.self, from: Data(contentsOf: description))
        } catch {
            let exists = FileManager.default.fileExists(atPath: description.path)
            let why = exists ? "its config.json cannot be read" : "it has no config.json"
            throw TrainingError(
                code: .nothingToResume,
                message: "'\(url.path)' is no run that could be resumed: \(why). Start one with --env ID --out DIR.",
                underlying: error)
        }
    }

    /// Writes a file's first rows, all or nothing, and opens it behind them.
    static func beginLog(_ url: URL, with text: String) throws(TrainingError) -> FileHandle {
        do {
            try Data(text.utf8).write(to: url, options: .atomic)
            let handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
            return handle
        } catch {
            throw TrainingError(
                code: .outputDirectory,
                message: "'\(url.path)' cannot be written (\(systemReason(error))); make room or choose another --out.",
                underlying: error)
        }
    }

    private static func unwritable(_ url: URL, _ error: any Error) -> TrainingError {
        TrainingError(
            code: .outputDirectory,
            message: "'\(url.path)' cannot be written (\(systemReason(error))); choose another --out or make room.",
            underlying: error)
    }
}
