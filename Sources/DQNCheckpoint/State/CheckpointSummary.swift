package import DQNModel

/// What a checkpoint file says of itself, without its big arrays.
public struct CheckpointSummary: Sendable {
    /// One dataset of the file.
    package struct Dataset: Sendable, Equatable {
        /// Path from the root.
        package let path: String
        /// What its elements are.
        package let element: ElementType
        /// Extents, outermost first.
        package let shape: [Int]
        /// Bytes of its elements.
        package var byteCount: Int { shape.reduce(element.byteCount, *) }
    }

    /// What one worker's document tells.
    package struct Worker: Sendable, Equatable {
        /// Who wrote the arrays of a learner's state, and their layout.
        package struct Learner: Sendable, Equatable, Encodable {
            private enum CodingKeys: String, CodingKey { case kind, version }
            /// The training method.
            package let kind: String
            /// The layout's version.
            package let version: Int
        }

        /// Slots of a replay.
        package struct Replay: Sendable, Equatable, Encodable {
            private enum CodingKeys: String, CodingKey { case count, capacity }
            /// Slots in use.
            package let count: Int
            /// Slots of the ring.
            package let capacity: Int
        }

        /// Where it stands.
        package internal(set) var status = WorkerStatus.running
        /// Agent steps it has taken; `nil` where the file does not record them (1.0 with several workers).
        package internal(set) var agentSteps: Int?
        /// The ε at which its exploration ends, where it was assigned one of its own.
        package internal(set) var finalEpsilon: Double?
        /// What the training method holds for it.
        package internal(set) var learner: Learner?
        /// Its replay.
        package let replay: Replay?
    }

    /// The format's version.
    package let version: String
    /// The program that wrote the state.
    package let writer: Writer
    /// What identifies the file, in lower-case hexadecimal: the SHA-256 that its seal tells; of a file without a seal, the
    /// manifest's.
    package let digest: String
    /// Bytes of the file.
    package let byteCount: Int
    /// The configuration of the run.
    package let configuration: JSONValue
    /// The network.
    package let architecture: NetworkArchitecture
    /// What the run had counted.
    package let counters: Counters
    /// The evaluation made at this step.
    package let evaluation: Evaluation?
    /// The best evaluation of the run so far.
    package let bestEvaluation: Evaluation?
    /// What was taken out by `strip`.
    package let stripped: [String]
    /// The workers by index.
    package let workers: [Worker]
    /// The datasets, sorted by path.
    package let datasets: [Dataset]
}
