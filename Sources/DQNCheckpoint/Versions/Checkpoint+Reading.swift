public import DQNModel
public import Foundation

extension Checkpoint {
    /// Loads and checks a whole file of any known version.
    ///
    /// A seal (2.0) is compared with every byte before anything is parsed, and covers the datasets. Without a seal each
    /// dataset is compared with its own digest. ``Verifier`` does both.
    ///
    /// What an older version does not record gets default values: a worker of 1.0 is running and has taken the run's
    /// agent steps if it is the only one, otherwise 0.
    /// - Parameter url: The file.
    /// - Parameter understood: The owners of extensions that the caller supports.
    /// - Throws: ``CheckpointError``: `missing`, `malformed` with the broken rule, `inputOutput`, `unsupportedVersion`,
    ///   `unknownExtension`.
    public init(contentsOf url: URL, understanding understood: Set<String> = []) throws(CheckpointError) {
        try self.init(contentsOf: url, understanding: understood, knowing: FormatVersion.known)
    }

    /// Loads a file to go on from it: without the replay columns that this library gives no meaning, which may inflate
    /// to any size.
    ///
    /// - Throws: Like ``init(contentsOf:understanding:)``; `tooLarge`.
    package init(resuming url: URL) throws(CheckpointError) {
        try self.init(contentsOf: url, understanding: [], knowing: FormatVersion.known, for: .resuming)
    }

    /// Loads a file like a library that knows only some versions.
    package init(
        contentsOf url: URL, understanding understood: Set<String> = [], knowing versions: [String]
    ) throws(CheckpointError) {
        try self.init(contentsOf: url, understanding: understood, knowing: versions, for: .loading)
    }

    private init(
        contentsOf url: URL, understanding understood: Set<String>, knowing versions: [String],
        for purpose: ReadingPurpose
    ) throws(CheckpointError) {
        let versions = FormatVersion.containers.filter { versions.contains($0.name) }
        // Datasets covered by a seal are not hashed again.
        self = try CheckpointFile.read(url.path, for: purpose, knowing: versions, checksDigests: false) {
            (reader) throws(CheckpointError) in
            try CheckpointFile.checkpoint(reader)
        }
        try CheckpointFile.require(requiredExtensions, of: url, understanding: understood)
    }
}

extension CheckpointSummary {
    /// Reads the documents and manifest of a file and checks its seal, in one pass over the file. Without a seal it
    /// reads nothing else.
    ///
    /// - Throws: Like ``Checkpoint/init(contentsOf:understanding:)``.
    public init(contentsOf url: URL) throws(CheckpointError) {
        self = try CheckpointFile.read(url.path, checksDigests: false) { (reader) throws(CheckpointError) in
            let codec = try FormatVersion.codec(of: reader.version)
            let head = try codec.head(reader)
            return CheckpointSummary(
                reader, head, workers: try codec.workers(reader, head), try codec.extensionSummaries(reader))
        }
    }

    private init(
        _ reader: borrowing ContainerReader, _ head: FormatHead, workers: [Worker], _ extensions: [Extension]
    ) {
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
        self.extensions = extensions
        datasets = reader.manifest.datasets.map { Dataset(path: $0.path, element: $0.type, shape: $0.shape) }
    }
}
