internal import DQNModel
internal import DQNSupport

extension ContainerReader {
    /// Bytes that a chunk takes in memory besides its elements.
    private static var chunkOverhead: Int { 128 }
    /// Any machine has as much memory; what limits the process is looked up only above it.
    private static var unlimitedBytes: Int { 1 << 28 }
    /// Chunks that a file may have whatever its size, and inflated bytes for each further one. Chunks of this library
    /// have at least 16 rows, and those of short rows 1,024.
    private static var freeChunks: Int { 1 << 21 }
    private static var bytesPerChunk: Int { 1 << 12 }

    /// Checks that the replays read so far and one more column fit in memory, before anything of it is inflated.
    ///
    /// - Parameter rows: The rows of a chunk in memory.
    func requireMemory(for entry: Manifest.Entry, rows: Int) throws(CheckpointError) {
        let count = entry.shape.first ?? 0
        findings.replayBytes += count * entry.bytesPerRow
        findings.replayChunks += (count + rows - 1) / rows
        guard findings.replayChunks <= Self.freeChunks + findings.replayBytes / Self.bytesPerChunk else {
            throw .broken(
                .replay, "/\(entry.path) and earlier columns have \(findings.replayChunks) chunks; use longer ones.")
        }
        let needed = findings.replayBytes + findings.replayChunks * Self.chunkOverhead
        guard needed > Self.unlimitedBytes else { return }
        let limit = MemoryLimit.least()
        guard needed <= limit.bytes else {
            throw CheckpointError(
                code: .tooLarge,
                message:
                    "'\(path)' has replays of more than \(ByteCount(bytes: needed)), but \(limit); use more memory, "
                    + "or copy the file without them with 'dqn-checkpoint strip --replay'.")
        }
    }
}
