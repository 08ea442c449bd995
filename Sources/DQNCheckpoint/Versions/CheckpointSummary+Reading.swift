public import DQNModel
public import Foundation

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
