internal import DQNModel

/// One version of the format. Extensions of this protocol read and write what all versions share; a version supplies
/// the rest.
///
/// In memory a state always has the form of the current version. ``Migration``s add what files of an older version lack
/// and, before writing one, remove what it cannot represent.
protocol FormatCodec: SendableMetatype {
    /// The document `/workers/N/state`.
    associatedtype Worker: WorkerDocument

    /// The version as written in files.
    static var version: String { get }
    /// How its files are laid out.
    static var layout: ContainerLayout { get }
    /// The keys of `/architecture`.
    static var architectureKeys: ArchitectureKeys { get }
    /// The permitted members of a group `/workers/N`.
    static var workerMembers: Set<String> { get }

    /// The optional replay columns to which the version gives a meaning.
    static var optionalReplayColumns: Set<String> { get }

    /// Returns the parts of a network that the version cannot represent, as texts such as `layer 0 (fc64+tanh)`.
    static func unsupportedParts(of architecture: NetworkArchitecture) -> [String]

    /// Reads what the version adds to a worker, and checks its additional rules.
    static func complete(
        _ worker: inout WorkerState, _ document: Worker, _ path: String, _ head: FormatHead,
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError)

    /// Adds what the version's document records to a worker's summary.
    ///
    /// - Parameter counters: The run's counters, if the worker is the only one.
    static func complete(
        _ summary: inout CheckpointSummary.Worker, _ document: Worker, onlyWorkerOf counters: Counters?)

    /// Returns the datasets that the version adds to a worker.
    ///
    /// - Throws: ``CheckpointError`` (`invalidState`) for state that a reader would refuse.
    static func addedArrays(
        _ worker: WorkerState, _ path: String, _ architecture: NetworkArchitecture
    ) throws(CheckpointError) -> [StoredArray]
}

/// The document `/workers/N/state` of a version.
protocol WorkerDocument: Codable {
    /// Creates the document of a worker.
    init(_ worker: WorkerState)
    /// The keys that all versions share.
    var shared: SharedWorkerDocument { get }
    /// What is invalid in the keys that the version adds, and the rule it breaks; `nil` if they are valid.
    var addedComplaint: (rule: Rule, text: String)? { get }
}

/// The documents that every reader needs first: configuration, network, progress.
struct FormatHead {
    var configuration: JSONValue
    var architecture: NetworkArchitecture
    var layout: ParameterLayout
    var progress: ProgressDocument
}
