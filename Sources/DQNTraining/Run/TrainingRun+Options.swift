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
        /// Bytes of memory that the run may take; `nil` allows what the machine and the process's limits do.
        public var memoryLimit: Int?
        /// Time without a finished step after which a worker counts as stuck; `nil` takes the default of
        /// ``Trainer/Options``.
        public var workerTimeout: Duration?
        /// What the run writes for those who watch it; `config.json` does not store it.
        package var watching = Watching()

        /// Agent steps between saves unless the user chooses.
        package static let defaultSaveEvery = 10_000
        /// Checkpoints to keep unless the user chooses.
        package static let defaultKeep = 5

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
        ///
        /// - Parameter drawing: whether each evaluation draws its first episode.
        func trainerOptions(_ gymnasium: GymnasiumSettings, drawing: Bool) -> Trainer.Options {
            var options = Trainer.Options(memoryLimit: memoryLimit, saveInterval: saveEvery > 0 ? saveEvery : nil)
            if let workerTimeout { options.workerTimeout = workerTimeout }
            options.gymnasium = gymnasium
            options.evaluatesInBackground = true
            options.drawsEvaluations = drawing
            return options
        }
    }
}
