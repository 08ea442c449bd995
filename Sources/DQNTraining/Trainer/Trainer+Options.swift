public import DQNEnvironments
internal import DQNSupport

extension Trainer {
    /// How a trainer runs its workers; none of it changes what is computed.
    public struct Options: Sendable {
        /// Time without a finished step after which a worker counts as stuck.
        public var workerTimeout: Duration
        /// Bytes of memory that the run may take; `nil` allows what the machine has.
        public var memoryLimit: Int?
        /// Agent steps between checkpoints, for the memory estimate; `nil` if there is no fixed interval.
        package var saveInterval: Int?
        /// Whether training continues during an evaluation. Its report then comes with the next scheduled step.
        package var evaluatesInBackground = false
        /// Whether each evaluation draws its first episode.
        package var drawsEvaluations = false
        /// The processors of the machine: with enough of them, environments in processes get a thread each.
        package var processors = Processors.available
        /// How Gymnasium environments are run.
        public var gymnasium = GymnasiumSettings()
        /// Whether the environment may bring code, such as the library of a plug-in.
        public var trust: EnvironmentTrust {
            get { gymnasium.trust }
            set { gymnasium.trust = newValue }
        }

        /// Creates options.
        public init(workerTimeout: Duration = .seconds(120), memoryLimit: Int? = nil, saveInterval: Int? = nil) {
            self.saveInterval = saveInterval
            self.workerTimeout = workerTimeout
            self.memoryLimit = memoryLimit
        }
    }
}
