internal import DQNEnvironments

extension TrainingRun {
    /// How a run proceeds, as opposed to what it computes; `config.json` stores it beside the configuration.
    public struct Options: Sendable, Equatable {
        /// Agent steps at which the run stops, counted from the start of the run.
        public var steps: Int
        /// Agent steps between saves; 0 saves only at a new best evaluation and at the end.
        public var saveEvery: Int
        /// The number of newest checkpoints to keep; the best one is always kept.
        public var keep: Int
        /// Bytes of memory that the run may take; `nil` allows what the machine has.
        public var memoryLimit: Int?
        /// Time without a finished step after which a worker counts as stuck; `nil` takes the default of
        /// ``Trainer/Options``.
        public var workerTimeout: Duration?

        /// Creates options.
        public init(
            steps: Int, saveEvery: Int, keep: Int, memoryLimit: Int? = nil, workerTimeout: Duration? = nil
        ) {
            self.steps = steps
            self.saveEvery = saveEvery
            self.keep = keep
            self.memoryLimit = memoryLimit
            self.workerTimeout = workerTimeout
        }

        /// The part that concerns the trainer.
        func trainerOptions(_ gymnasium: GymnasiumSettings) -> Trainer.Options {
            var options = Trainer.Options(memoryLimit: memoryLimit, saveInterval: saveEvery > 0 ? saveEvery : nil)
            if let workerTimeout { options.workerTimeout = workerTimeout }
            options.gymnasium = gymnasium
            return options
        }
    }
}

extension TrainingRun.Options: Codable {
    /// The keys of `run` in `config.json`.
    private enum CodingKeys: String, CodingKey {
        case steps = "steps"
        case saveEvery = "save_every"
        case keep = "keep"
        case memoryLimit = "memory"
        case workerTimeout = "worker_timeout"
    }

    /// Decodes options as `config.json` stores them, with the timeout in seconds.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        steps = try container.decode(Int.self, forKey: .steps)
        saveEvery = try container.decode(Int.self, forKey: .saveEvery)
        keep = try container.decode(Int.self, forKey: .keep)
        memoryLimit = try container.decodeIfPresent(Int.self, forKey: .memoryLimit)
        // Beyond this limit a timeout is as good as none, and Duration could not hold it.
        workerTimeout = try container.decodeIfPresent(Double.self, forKey: .workerTimeout)
            .map { .seconds(min($0, 1e9)) }
    }

    /// Encodes options as `config.json` stores them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(steps, forKey: .steps)
        try container.encode(saveEvery, forKey: .saveEvery)
        try container.encode(keep, forKey: .keep)
        try container.encodeIfPresent(memoryLimit, forKey: .memoryLimit)
        try container.encodeIfPresent(workerTimeout.map { $0 / .seconds(1) }, forKey: .workerTimeout)
    }
}
