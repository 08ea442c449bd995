internal import DQNModel

/// One version of the format: reads and writes exactly that version's files.
///
/// In memory a state has one form, that of the current version; what an older version's files lack is supplied by the
/// migrations that lead from it, and what they cannot hold is taken out by the same before writing.
protocol FormatCodec: SendableMetatype {
    /// The version as files write it.
    static var version: String { get }
    /// Whether its files have a ``Seal`` and keep replays in compressed chunks.
    static var isSealed: Bool { get }

    /// Reads the documents that every reader needs first; rule 10.
    static func head(_ reader: borrowing ContainerReader) throws(CheckpointError) -> FormatHead

    /// Reads what the workers' documents tell.
    static func workers(
        _ reader: borrowing ContainerReader, _ head: FormatHead
    ) throws(CheckpointError) -> [CheckpointSummary.Worker]

    /// Reads a whole checkpoint; every dataset's digest is checked on the way, and every rule of the version.
    static func checkpoint(_ reader: borrowing ContainerReader) throws(CheckpointError) -> Checkpoint

    /// The datasets of a checkpoint; shares its vectors and replay chunks.
    ///
    /// - Throws: ``CheckpointError`` (`invalidState`) for what a reader would refuse: numbers that are none, vectors of
    ///   the wrong length, names that cannot stand in a path.
    static func arrays(_ checkpoint: Checkpoint) throws(CheckpointError) -> [StoredArray]
}

/// What every reader needs first: configuration, network, progress.
struct FormatHead {
    var configuration: JSONValue
    var architecture: NetworkArchitecture
    var layout: ParameterLayout
    var progress: Format1_0.Progress
}
