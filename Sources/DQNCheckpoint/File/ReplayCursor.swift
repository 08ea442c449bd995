internal import DQNModel
internal import HDF5

/// Reads a dataset as replay chunks, in order, so that memory holds only a few of them; checks its digest at the end.
///
/// Inflates the file's chunks on all cores, in batches of ``ContainerReader/Limit/batchBytes`` or one chunk. It must
/// not outlive its reader.
final class ReplayCursor {
    /// The most chunks of a batch: an entry of a file's index may be larger than its chunk.
    private static let batchLength = 256

    private let entry: Manifest.Entry
    private let file: String
    private let dataset: HDF5.Dataset
    /// Rows of a replay chunk in memory.
    private let length: Int
    private let checksDigest: Bool
    private var digest: FileDigest?
    private var nextRow = 0
    private var ready: ArraySlice<ReplayChunk> = []

    /// - Parameters:
    ///   - file: The file's path, for errors.
    ///   - length: The rows of a chunk in memory, at least those of a chunk of the file.
    init(
        _ entry: Manifest.Entry, in dataset: consuming HDF5.Dataset, of file: String, rows length: Int,
        checksDigest: Bool
    ) throws(CheckpointError) {
        self.entry = entry
        self.file = file
        self.dataset = dataset
        self.length = length
        self.checksDigest = checksDigest
        digest = try FileDigest()
    }

    private var rowCount: Int { entry.shape.first ?? 1 }

    /// Returns the next chunk; `nil` after the last one. Rows of the last chunk that are not in use are zeros.
    func next() throws(CheckpointError) -> ReplayChunk? {
        if ready.isEmpty {
            guard nextRow < rowCount else { return nil }
            if let rows = entry.chunkRows { try readChunks(of: rows) } else { try readRows() }
            if nextRow >= rowCount, checksDigest, let found = digest.take()?.finalize(),
                found.hexadecimal != entry.sha256
            {
                throw .broken(.digests, "'\(file)' is damaged: /\(entry.path) does not match its digest.")
            }
        }
        return ready.popFirst()
    }

    private func readRows() throws(CheckpointError) {
        let range = nextRow..<min(nextRow + length, rowCount)
        var chunk = ReplayChunk(byteCount: length * entry.bytesPerRow)
        let failure = chunk.withMutableBytes { memory -> HDF5Error? in
            let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<(range.count * entry.bytesPerRow)])
            do throws(HDF5Error) {
                if range.count == rowCount {
                    try dataset.read(into: part)
                } else {
                    try dataset.readRows(range, into: part)
                }
                return nil
            } catch { return error }
        }
        if let failure {
            throw .broken(.digests, "'\(file)': /\(entry.path) could not be read: \(failure)", failure)
        }
        if checksDigest {
            chunk.withBytes {
                digest?.update(UnsafeRawBufferPointer(rebasing: $0[..<(range.count * entry.bytesPerRow)]))
            }
        }
        nextRow = range.upperBound
        ready = [chunk]
    }

    private func readChunks(of rows: Int) throws(CheckpointError) {
        let offset = Array(repeating: 0, count: entry.shape.count - 1)
        let (chunkBytes, memoryBytes) = (rows * entry.bytesPerRow, length * entry.bytesPerRow)
        var batch: [CompressedChunk] = []
        repeat {
            let stored: (bytes: [UInt8], skippedFilters: UInt32)
            do { stored = try dataset.readChunk(at: [nextRow] + offset, limit: chunkBytes) } catch {
                throw .broken(.chunks, "'\(file)': /\(entry.path) could not be read: \(error)", error)
            }
            batch.append(
                CompressedChunk(
                    bytes: stored.bytes, skippedFilters: stored.skippedFilters, extent: rows,
                    rows: min(rows, rowCount - nextRow), rowBytes: entry.bytesPerRow, path: entry.path))
            nextRow += rows
            // The inflated size counts: the batch holds it in memory.
        } while nextRow < rowCount && batch.count < Self.batchLength
            && batch.count * chunkBytes < ContainerReader.Limit.batchBytes
        let inflated = try batch.concurrentlyMapped { [checksDigest] (chunk) throws(CheckpointError) in
            try chunk.inflated(into: memoryBytes, digesting: checksDigest)
        }
        for (_, found) in inflated { found.withUnsafeBytes { digest?.update($0) } }
        ready = inflated.map(\.chunk)[...]
    }
}

/// A chunk of a replay column as the file stores it.
private struct CompressedChunk: Sendable {
    let bytes: [UInt8]
    let skippedFilters: UInt32
    /// Rows of the chunk in the file, and the number in use.
    let extent: Int
    let rows: Int
    let rowBytes: Int
    let path: String

    /// Returns the chunk in memory and, if requested, the digest of its rows in use.
    func inflated(
        into byteCount: Int, digesting: Bool
    ) throws(CheckpointError) -> (chunk: ReplayChunk, digest: [UInt8]) {
        var chunk = ReplayChunk(byteCount: max(byteCount, extent * rowBytes))
        let decompressor = try Decompressor(.zlib)
        let isWhole = chunk.withMutableBytes { memory in
            let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<(extent * rowBytes)])
            switch skippedFilters {
            case 0: return bytes.withUnsafeBytes { decompressor.decompress($0, into: part) }
            case 1 where bytes.count == part.count:
                part.copyBytes(from: bytes)
                return true
            default: return false
            }
        }
        guard isWhole else {
            throw .broken(.chunks, "/\(path) has a chunk that does not inflate to the expected size.")
        }
        let digest = try chunk.withBytes { (all: UnsafeRawBufferPointer) throws(CheckpointError) in
            guard all[(rows * rowBytes)...].allSatisfy({ $0 == 0 }) else {
                throw .broken(.chunks, "/\(path) has nonzero bytes after its last row.")
            }
            return digesting
                ? try CompressedChunkCache.digest(UnsafeRawBufferPointer(rebasing: all[..<(rows * rowBytes)])) : []
        }
        return (chunk, digest)
    }
}
