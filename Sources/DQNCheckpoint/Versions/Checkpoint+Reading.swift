public import DQNModel
public import Foundation

extension Checkpoint {
    /// Reads and checks a whole file of any known version.
    ///
    /// A seal (2.0) is compared with every byte before anything is parsed; it vouches for the datasets, whose own digests are
    /// compared where there is none. ``Verifier`` compares both.
    ///
    /// What an older version does not record is supplied: a worker of 1.0 is running, and has taken the run's agent
    /// steps where it is the only one, otherwise 0.
    /// - Parameter understood: owners of extensions that the caller understands.
    /// - Throws: ``CheckpointError``: `missing`, `malformed` with the rule it breaks, `unsupportedVersion`,
    ///   `unknownExtension`.
    public init(contentsOf url: URL, understanding understood: Set<String> = []) throws(CheckpointError) {
        try self.init(contentsOf: url, understanding: understood, knowing: FormatVersion.known)
    }

    /// Reads a file as a library does that knows only some versions.
    package init(
        contentsOf url: URL, understanding understood: Set<String> = [], knowing versions: [String]
    ) throws(CheckpointError) {
        let versions = FormatVersion.containers.filter { versions.contains($0.name) }
        // What a seal vouches for is not hashed a second time.
        self = try CheckpointFile.read(url.path, knowing: versions, checksDigests: false) {
            (reader) throws(CheckpointError) in
            try CheckpointFile.checkpoint(reader)
        }
        try CheckpointFile.require(extensions, of: url, understanding: understood)
    }
}

extension CheckpointSummary {
    /// Reads a file's documents and manifest, and checks its seal: one pass over the file. Of a file without a seal nothing
    /// else is looked at.
    ///
    /// - Throws: as ``Checkpoint/init(contentsOf:understanding:)``.
    public init(contentsOf url: URL) throws(CheckpointError) {
        self = try CheckpointFile.read(url.path, checksDigests: false) { (reader) throws(CheckpointError) in
            let codec = try FormatVersion.codec(of: reader.version)
            let head = try codec.head(reader)
            return CheckpointSummary(reader, head, workers: try codec.workers(reader, head))
        }
    }

    private init(_ reader: borrowing ContainerReader, _ head: FormatHead, workers: [Worker]) {
        version = reader.version
        writer = reader.writer
        digest = reader.digest
        byteCount = reader.byteCount
        configuration = head.configuration
        architecture = head.architecture
        counters = head.progress.counters
        evaluation = head.progress.evaluation
        bestEvaluation = head.progress.bestEvaluation
        stripped = head.progress.stripped
        self.workers = workers
        datasets = reader.manifest.datasets.map { Dataset(path: $0.path, element: $0.type, shape: $0.shape) }
    }
}
