public import DQNModel

/// What a checkpoint file says of itself, without its big arrays.
public struct CheckpointSummary: Sendable {
    /// One dataset of the file.
    public struct Dataset: Sendable, Equatable {
        /// Path from the root.
        public let path: String
        /// What its elements are.
        public let element: ElementType
        /// Extents, outermost first.
        public let shape: [Int]
        /// Bytes of its elements.
        public var byteCount: Int { shape.reduce(element.byteCount, *) }
    }

    /// What one worker's document tells.
    public struct Worker: Sendable, Equatable, Encodable {
        /// Who wrote the arrays of a learner's state, and their layout.
        public struct Learner: Sendable, Equatable, Encodable {
            /// The training method.
            public let kind: String
            /// The layout's version.
            public let version: Int
        }

        /// Slots of a replay.
        public struct Replay: Sendable, Equatable, Encodable {
            /// Slots in use.
            public let count: Int
            /// Slots of the ring.
            public let capacity: Int
        }

        /// Where it stands.
        public internal(set) var standing = WorkerState.Standing.running
        /// Agent steps it has taken; `nil` where the file does not record them (1.0 with several workers).
        public internal(set) var agentSteps: Int?
        /// The ε at which its exploration ends, where it was assigned one of its own.
        public internal(set) var finalEpsilon: Double?
        /// What the training method holds for it.
        public internal(set) var learner: Learner?
        /// Its replay.
        public let replay: Replay?
    }

    /// The format's version.
    public let version: String
    /// The program that wrote the state.
    public let writer: Writer
    /// What identifies the file, in lower-case hexadecimal: the SHA-256 that its seal tells; of a file without a seal, the
    /// manifest's.
    public let digest: String
    /// Bytes of the file.
    public let byteCount: Int
    /// The configuration of the run.
    public let configuration: JSONValue
    /// The network.
    public let architecture: NetworkArchitecture
    /// What the run had counted.
    public let counters: Counters
    /// The evaluation made at this step.
    public let evaluation: Evaluation?
    /// The best evaluation of the run so far.
    public let bestEvaluation: Evaluation?
    /// What was taken out by `strip`.
    public let stripped: [String]
    /// The workers by index.
    public let workers: [Worker]
    /// The datasets, sorted by path.
    public let datasets: [Dataset]
}
