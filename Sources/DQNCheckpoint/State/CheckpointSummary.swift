package import DQNModel

/// The documents and the list of datasets of a checkpoint file, without its large arrays.
public struct CheckpointSummary: Sendable {
    /// A dataset of the file.
    package struct Dataset: Sendable, Equatable {
        /// Path from the root.
        package let path: String
        /// The type of its elements.
        package let element: ElementType
        /// Extents, outermost first.
        package let shape: [Int]
        /// Bytes of its elements.
        package var byteCount: Int { shape.reduce(element.byteCount, *) }
    }

    /// What a worker's document records.
    package struct Worker: Sendable, Equatable {
        /// The kind and layout of a learner's state.
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

        /// Whether the worker is running, finished, abandoned or resting.
        package internal(set) var status = WorkerStatus.running
        /// Agent steps taken; `nil` if the file does not record them (1.0 with several workers).
        package internal(set) var agentSteps: Int?
        /// The final ε of its exploration, if the method assigns one per worker.
        package internal(set) var finalEpsilon: Double?
        /// The training method's state for the worker.
        package internal(set) var learner: Learner?
        /// Its replay; that of the first environment if it has several.
        package let replay: Replay?
        /// The number of its environments.
        package internal(set) var environments = 1
    }

    /// An extension group, without its large arrays.
    package struct Extension: Sendable, Equatable {
        /// The owner in reverse-domain form.
        package let owner: String
        /// Whether a reader that does not support the owner must refuse the file.
        package let mustUnderstand: Bool
        /// The kind of the state, which the owner defines.
        package let kind: String
        /// The version of the state's layout.
        package let version: Int
        /// The arrays that hold a short text, by name.
        package let texts: [String: String]
    }

    /// The format's version.
    package let version: String
    /// The program that wrote the state.
    package let writer: Writer
    /// Identifies the file, in lower-case hexadecimal: the SHA-256 in its seal or, without a seal, that of its
    /// manifest.
    package let digest: String
    /// Bytes of the file.
    package let byteCount: Int
    /// The configuration of the run.
    package let configuration: JSONValue
    /// The network.
    package let architecture: NetworkArchitecture
    /// What the run has counted.
    package let counters: Counters
    /// The evaluation at this step.
    package let evaluation: Evaluation?
    /// The best evaluation of the run so far.
    package let bestEvaluation: Evaluation?
    /// The parts that `strip` removed.
    package let stripped: [String]
    /// The workers by index.
    package let workers: [Worker]
    /// The extension groups, sorted by owner.
    package let extensions: [Extension]
    /// The datasets, sorted by path.
    package let datasets: [Dataset]
}
