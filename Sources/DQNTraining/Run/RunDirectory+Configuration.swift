internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import Foundation

extension RunDirectory {
    /// The contents of `config.json`.
    struct StoredConfiguration: Codable {
        /// What the run computes.
        var configuration: JSONValue
        /// How the run proceeds.
        var run: StoredOptions
        /// The compute library and instruction set, on which the last bits of results depend.
        /// `nil` if it is not known.
        var compute: String?

        private enum CodingKeys: String, CodingKey {
            case configuration = "configuration"
            case run = "run"
            case compute = "compute"
        }
    }

    /// ``TrainingRun/Options`` in `config.json`.
    struct StoredOptions: Codable {
        private var steps: Int
        private var saveEvery: Int
        private var keep: Int
        private var memoryLimit: Int?
        /// Seconds.
        private var workerTimeout: Double?

        private enum CodingKeys: String, CodingKey {
            case steps = "steps"
            case saveEvery = "save_every"
            case keep = "keep"
            case memoryLimit = "memory"
            case workerTimeout = "worker_timeout"
        }

        init(_ options: TrainingRun.Options) {
            steps = options.steps
            saveEvery = options.saveEvery
            keep = options.keep
            memoryLimit = options.memoryLimit
            workerTimeout = options.workerTimeout.map { $0 / .seconds(1) }
        }

        var options: TrainingRun.Options {
            TrainingRun.Options(
                steps: steps, saveEvery: saveEvery, keep: keep, memoryLimit: memoryLimit,
                // Duration cannot hold every number; a longer timeout makes no difference.
                workerTimeout: workerTimeout.map { .seconds(min(max($0, 0), 1e9)) })
        }
    }

    /// Writes `config.json` atomically and durably.
    func write(_ configuration: TrainingConfiguration, _ options: TrainingRun.Options) throws(TrainingError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let contents = StoredConfiguration(
            configuration: configuration.json, run: StoredOptions(options), compute: ComputeThreads.libraryDescription)
        let bytes: Data
        // A setting may hold any text, and people read the file on a terminal.
        do { bytes = PrintableText.json(try encoder.encode(contents)) } catch {
            throw TrainingError(
                code: .invalidConfiguration, message: "config.json cannot be written: \(systemReason(error)).",
                underlying: error)
        }
        do throws(SystemError) { try AtomicFile.write(bytes, to: configurationFile.path) } catch {
            throw Self.cannotWrite(configurationFile.path, error)
        }
    }

    /// The run in whose directory this path is, such as that of one of its checkpoints.
    private var surroundingRun: URL? {
        let parent = url.deletingLastPathComponent()
        return [parent, parent.deletingLastPathComponent()].first { RunDirectory($0).holdsRun }
    }

    /// The maximum number of bytes and of values of `config.json`, which may come from a stranger.
    private static let configurationBytes = 1 << 22
    private static let configurationValues = 1 << 16

    /// Reads `config.json`.
    ///
    /// - Returns: `nil` if there is none, or if it is empty, as a power failure may leave it.
    /// - Throws: ``TrainingError`` (`nothingToResume`) if there is no run, or if the file is not a run's.
    func readConfiguration() throws(TrainingError) -> StoredConfiguration? {
        guard FileKind(url.path) == .directory else {
            let what = FileKind(url.path)
            if what != .missing, let run = surroundingRun {
                throw noRun("it is \(what.words) of one", remedy: "Use --resume '\(run.path)'.")
            }
            throw noRun(what == .missing ? "there is no such directory" : "it is \(what.words), not a directory")
        }
        guard FileKind(configurationFile.path) != .missing else {
            if FileKind(checkpoints.path) == .directory { return nil }
            if url.lastPathComponent == checkpoints.lastPathComponent, let run = surroundingRun {
                throw noRun("it holds the checkpoints of one", remedy: "Use --resume '\(run.path)'.")
            }
            throw noRun("it has neither config.json nor checkpoints")
        }
        let reason: String
        do {
            let contents = try RegularFile.contents(
                ofEntry: configurationFile.path, limit: Self.configurationBytes)
            if contents.allSatisfy({ $0 == 0 }) { return nil }
            _ = try JSONText.value(of: Array(contents), valueLimit: Self.configurationValues)
            return try JSONDecoder().decode(StoredConfiguration.self, from: contents)
        } catch { reason = systemReason(error) }
        throw noRun(
            "its config.json cannot be read (\(reason))",
            remedy: "Correct the file, or move it away to resume with the configuration in the checkpoint.")
    }

    private func noRun(
        _ reason: String, remedy: String = "Start one with --env ID --out DIR."
    ) -> TrainingError {
        TrainingError(
            code: .nothingToResume,
            message: "'\(url.path)' does not hold a run to resume: \(reason). \(remedy)")
    }

    /// Returns the configuration of a run that resumes: that of `config.json` or, without such a file, the one in the
    /// newest valid checkpoint and that file's name.
    ///
    /// - Throws: ``TrainingError``: `nothingToResume`; `outputDirectory` if a file that a resume would write is not a
    ///   run's.
    func configurationToResume() throws(TrainingError) -> (stored: StoredConfiguration, file: String?) {
        try requireOwnRecords()
        let stored = try readConfiguration()
        if hasLostCheckpoints {
            throw noRun(
                "its checkpoints have been moved or deleted",
                remedy: "Put them back, or start a new run with --config '\(configurationFile.path)' --out DIR.")
        }
        if let stored { return (stored, nil) }
        let found: (url: URL, value: CheckpointSummary)
        do throws(CheckpointError) {
            // The store reports damaged files when it sets them aside.
            found = try CheckpointLocation.read(checkpoints, .latest, notice: { _ in }) {
                (url) throws(CheckpointError) in
                try CheckpointSummary(contentsOf: url)
            }
        } catch {
            if error.code == .missing { throw noRun("it has neither config.json nor a valid checkpoint") }
            throw TrainingError(wrapping: error)
        }
        // Checkpoints do not record how a run proceeds: it ends with its schedule, and saves as runs do by default.
        // One that has been extended beyond its schedule is complete.
        let configuration = try TrainingConfiguration(json: found.value.configuration)
        let options = TrainingRun.Options(
            steps: max(configuration.scheduleSteps, found.value.counters.agentSteps),
            saveEvery: TrainingRun.Options.defaultSaveEvery,
            keep: TrainingRun.Options.defaultKeep)
        return (
            StoredConfiguration(configuration: configuration.json, run: StoredOptions(options), compute: nil),
            found.url.lastPathComponent
        )
    }
}
