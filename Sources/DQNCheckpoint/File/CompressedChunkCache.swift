internal import DQNModel
internal import HDF5

/// What became of a replay's chunks in files: each is compressed once in its life, however often it is saved.
///
/// Compressed chunks are kept by their content's identity until a save no longer has them, up to a tenth of the
/// replays' memory; a chunk beyond that is compressed anew for each save, and one that compression makes no smaller is
/// stored as it is and not tried again.
///
/// `@unchecked Sendable`: one save at a time uses it, and a save runs on one thread at a time.
final class CompressedChunkCache: @unchecked Sendable {
    /// How hard chunks are compressed; see `docs/decisions/0004`.
    static let level = 1
    /// Share of the replays' bytes that compressed chunks may take in memory.
    static let share = 10
    /// Chunks that are worked on at a time: enough for every core, few enough to need little memory.
    private static let batch = 8

    /// A chunk as files hold it.
    private struct Stored: Sendable {
        /// SHA-256 of the rows in use, uncompressed.
        var content: [UInt8]
        /// SHA-256 of what a file holds.
        var stored: [UInt8]
        var isCompressed: Bool
        /// What a file holds; `nil` where it is not kept.
        var bytes: [UInt8]?
    }

    fileprivate struct Key: Hashable {
        let identity: ReplayChunk.Identity
        let rows: Int
    }

    /// A chunk to be stored: its bytes in memory and how many rows of it are in use.
    fileprivate struct Piece: Sendable {
        let chunk: ReplayChunk
        let rows: Int
        let rowBytes: Int
        /// Rows of the chunk in the file, at least those in use.
        let extent: Int
        fileprivate var key: Key { Key(identity: chunk.identity, rows: rows) }
    }

    private var known: [Key: Stored] = [:]
    private var used: Set<Key> = []
    private var keptBytes = 0
    private var keptLimit = 0

    /// Begins a save of arrays that hold so many bytes of replay.
    func begin(replayBytes: Int) {
        used = []
        keptLimit = replayBytes / Self.share
    }

    /// Ends a save: what it did not have is forgotten.
    func end() {
        known = known.filter { used.contains($0.key) }
        keptBytes = known.values.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
    }

    /// Writes the slots in use of a column into a dataset of chunks.
    ///
    /// - Returns: the digest of the column's content: SHA-256 of its chunks' digests.
    func write(
        _ column: ReplaySnapshot.Column, of snapshot: ReplaySnapshot, into dataset: borrowing HDF5.Dataset
    ) throws(CheckpointError) -> String {
        let pieces = Self.pieces(column, snapshot)
        let offset = Array(repeating: 0, count: column.shape.count)
        var digest = try FileDigest()
        for start in stride(from: 0, to: pieces.count, by: Self.batch) {
            let batch = Array(pieces[start..<min(start + Self.batch, pieces.count)])
            let stored = try stored(batch)
            for (index, (piece, stored)) in zip(batch, stored).enumerated() {
                let position = [(start + index) * snapshot.chunkLength] + offset
                stored.content.withUnsafeBytes { digest.update($0) }
                do throws(HDF5Error) {
                    if let bytes = stored.bytes {
                        try bytes.withBytes { (bytes: UnsafeRawBufferPointer) throws(HDF5Error) in
                            try dataset.writeChunk(
                                at: position, from: bytes, skippedFilters: stored.isCompressed ? 0 : 1)
                        }
                    } else {
                        try piece.withContent { (bytes: UnsafeRawBufferPointer) throws(HDF5Error) in
                            try dataset.writeChunk(at: position, from: bytes, skippedFilters: 1)
                        }
                    }
                } catch { throw ContainerWriter.failure(dataset.path, error) }
            }
        }
        return digest.finalize().hexadecimal
    }

    /// Compares what a file holds of a column with what was written.
    func verify(
        _ column: ReplaySnapshot.Column, of snapshot: ReplaySnapshot, in dataset: borrowing HDF5.Dataset
    ) throws(CheckpointError) {
        let offset = Array(repeating: 0, count: column.shape.count)
        for (index, piece) in Self.pieces(column, snapshot).enumerated() {
            let position = [index * snapshot.chunkLength] + offset
            let found: (bytes: [UInt8], skippedFilters: UInt32)
            do throws(HDF5Error) {
                found = try dataset.readChunk(at: position, limit: piece.extent * piece.rowBytes)
            } catch { throw .broken(.chunks, "/\(dataset.path) cannot be read back: \(error)", error) }
            guard let known = known[piece.key], try FileDigest.digest(of: found.bytes).bytes == known.stored,
                found.skippedFilters == (known.isCompressed ? 0 : 1)
            else {
                throw .broken(.chunks, "/\(dataset.path) reads back other bytes than were written.")
            }
        }
    }

    private static func pieces(_ column: ReplaySnapshot.Column, _ snapshot: ReplaySnapshot) -> [Piece] {
        let extent = min(snapshot.chunkLength, snapshot.count)
        return stride(from: 0, to: snapshot.count, by: snapshot.chunkLength).enumerated().map { index, first in
            Piece(
                chunk: column.chunks[index], rows: min(snapshot.chunkLength, snapshot.count - first),
                rowBytes: column.bytesPerSlot, extent: extent)
        }
    }

    /// The forms of some chunks in the file; those that are not kept are made, on all cores. Without `bytes` the chunk
    /// is stored as it is.
    private func stored(_ batch: [Piece]) throws(CheckpointError) -> [Stored] {
        let known = batch.map { self.known[$0.key] }
        let missing = batch.indices.filter { index in
            known[index].map { $0.isCompressed && $0.bytes == nil } ?? true
        }
        let made = try missing.map { (batch[$0], known[$0]) }.concurrentlyMapped {
            (piece, known) throws(CheckpointError) in
            try Self.store(piece, known)
        }
        var result = known
        for (index, stored) in zip(missing, made) { result[index] = stored }
        for (piece, stored) in zip(batch, result) {
            guard let stored else { preconditionFailure("a chunk was neither known nor made") }
            remember(piece.key, stored)
        }
        return result.compactMap(\.self)
    }

    private func remember(_ key: Key, _ stored: Stored) {
        used.insert(key)
        guard known[key]?.bytes == nil else { return }
        var stored = stored
        let size = stored.bytes?.count ?? 0
        if keptBytes + size > keptLimit { stored.bytes = nil } else { keptBytes += size }
        known[key] = stored
    }

    private static func store(_ piece: Piece, _ known: Stored?) throws(CheckpointError) -> Stored {
        try piece.withContent { (content: UnsafeRawBufferPointer) throws(CheckpointError) in
            let used = UnsafeRawBufferPointer(rebasing: content[..<(piece.rows * piece.rowBytes)])
            let bytes = try Compressor(level: level).compress(content)
            let digest = if let known { known.content } else { try Self.digest(used) }
            guard let bytes else {
                // One that is whole has its digest already.
                let stored = if used.count == content.count { digest } else { try Self.digest(content) }
                return Stored(content: digest, stored: stored, isCompressed: false, bytes: nil)
            }
            let stored = if let known { known.stored } else { try FileDigest.digest(of: bytes).bytes }
            return Stored(content: digest, stored: stored, isCompressed: true, bytes: bytes)
        }
    }

    /// SHA-256 of a chunk's rows.
    static func digest(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) -> [UInt8] {
        try FileDigest.digest(of: bytes).bytes
    }
}

extension CompressedChunkCache.Piece {
    /// The chunk as the file has it before compression: rows beyond those in use are zeros.
    fileprivate func withContent<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try chunk.withBytes { (bytes: UnsafeRawBufferPointer) throws(Failure) in
            if rows == extent { return try body(UnsafeRawBufferPointer(rebasing: bytes[..<(rows * rowBytes)])) }
            let prefix = UnsafeRawBufferPointer(rebasing: bytes[..<(rows * rowBytes)])
            return try ReplayChunk(byteCount: extent * rowBytes, prefix: prefix).withBytes(body)
        }
    }
}
