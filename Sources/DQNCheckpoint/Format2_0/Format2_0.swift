/// Format 2.0: what 1.1 holds, under a seal that finds any damage before HDF5 reads a byte, with replays in compressed
/// chunks. See `docs/format.md`.
enum Format2_0: FormatCodec {
    static let version = "2.0"
    static let isSealed = true

    static func head(_ reader: borrowing ContainerReader) throws(CheckpointError) -> FormatHead {
        try Format1_1.head(reader)
    }

    static func workers(
        _ reader: borrowing ContainerReader, _ head: FormatHead
    ) throws(CheckpointError) -> [CheckpointSummary.Worker] {
        try Format1_1.workers(reader, head)
    }

    static func checkpoint(_ reader: borrowing ContainerReader) throws(CheckpointError) -> Checkpoint {
        try Format1_1.checkpoint(reader)
    }

    static func arrays(_ checkpoint: Checkpoint) throws(CheckpointError) -> [StoredArray] {
        try Format1_1.arrays(checkpoint)
    }
}
