internal import DQNModel

/// One version of the format: what it has beyond the parts that all versions share, which extensions of this protocol
/// read and write.
///
/// In memory a state has one form, that of the current version. ``Migration``s supply what an older version's files lack
/// and, before writing one, remove what it cannot hold.
protocol FormatCodec: SendableMetatype {
    /// The document `/workers/N/state`.
    associatedtype Worker: WorkerDocument

    /// The version as files write it.
    static var version: String { get }
    /// How its files lie on the disk.
    static var layout: ContainerLayout { get }
    /// The members that a group `/workers/N` may have.
    static var workerMembers: Set<String> { get }

    /// Whether the version has a kind of head.
    static func supports(_ head: NetworkArchitecture.Head) -> Bool

    /// Reads what the version adds to a worker, and checks the version's own rules.
    static func complete(
        _ worker: inout WorkerState, _ document: Worker, _ path: String, _ reader: borrowing ContainerReader
    ) throws(CheckpointError)

    /// Adds what the version's documents record to a worker's summary.
    ///
    /// - Parameter counters: the run's counters, where the worker is the run's only one.
    static func complete(
        _ summary: inout CheckpointSummary.Worker, _ document: Worker, onlyWorkerOf counters: Counters?)

    /// The datasets that the version adds to a worker.
    ///
    /// - Throws: ``CheckpointError`` (`invalidState`) for what a reader would refuse.
    static func addedArrays(_ worker: WorkerState, _ path: String) throws(CheckpointError) -> [StoredArray]
}

/// The document `/workers/N/state` of a version.
protocol WorkerDocument: Codable {
    /// Describes a worker.
    init(_ worker: WorkerState)
    /// The keys that all versions have.
    var shared: SharedWorkerDocument { get }
    /// What is invalid in the keys that the version adds, if anything, and the rule it breaks.
    var addedComplaint: (rule: Rule, text: String)? { get }
}

/// What every reader needs first: configuration, network, progress.
struct FormatHead {
    var configuration: JSONValue
    var architecture: NetworkArchitecture
    var layout: ParameterLayout
    var progress: ProgressDocument
}
