internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import Foundation

extension RunDirectory {
    /// The contents of `config.json`.
    struct StoredConfiguration: Codable {
        /// What the run computes.
        var configuration: JSONValue
        /// How the run proceeds.
        var run: StoredOptions
        /// The compute library and instruction set, on which the last bits of results depend.
        var compute: String

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
                workerTimeout: workerTimeout.map { .seconds(min($0, 1e9)) })
        }
    }

    /// Writes `config.json` atomically.
    func write(_ configuration: TrainingConfiguration, _ options: TrainingRun.Options) throws(TrainingError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let contents = StoredConfiguration(
            configuration: configuration.json, run: StoredOptions(options), compute: ComputeThreads.libraryDescription)
        do { try encoder.encode(contents).write(to: configurationFile, options: .atomic) } catch {
            throw Self.cannotWrite(configurationFile, error)
        }
    }

    /// Reads `config.json`.
    ///
    /// - Throws: ``TrainingError`` (`nothingToResume`) if it is missing or cannot be read.
    func readConfiguration() throws(TrainingError) -> StoredConfiguration {
        do {
            return try JSONDecoder().decode(StoredConfiguration.self, from: Data(contentsOf: configurationFile))
        } catch {
            let exists = FileManager.default.fileExists(atPath: configurationFile.path)
            let reason = exists ? "its config.json cannot be read" : "it has no config.json"
            throw TrainingError(
                code: .nothingToResume,
                message: "'\(url.path)' does not hold a run to resume: \(reason). Start one with --env ID --out DIR.",
                underlying: error)
        }
    }
}
