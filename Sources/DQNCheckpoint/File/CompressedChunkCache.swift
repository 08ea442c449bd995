internal import DQNModel
internal import HDF5

/// Compressed replay chunks of earlier saves, so that each chunk is compressed only once.
///
/// A compressed chunk is kept under its identity until a save no longer contains it. Together they use at most a tenth
/// of the replays' memory; chunks beyond that are compressed again in each save. A chunk that compression does not make
/// smaller is stored uncompressed and not tried again.
///
/// `@unchecked Sendable`: only one save uses it at a time, and a save runs on one thread at a time.
final class CompressedChunkCache: @unchecked Sendable {
    /// Compression level; see `docs/decisions/0004`.
    static let level = 1
    /// Compressed chunks may use one part in this many of the replays' bytes.
    static let share = 10
    /// Chunks processed at a time: enough for every core, few enough to use little memory.
    private static let batch = 8

    /// A chunk as a file stores it.
    private struct Stored: Sendable {
        /// SHA-256 of the rows in use, uncompressed.
        var content: [UInt8]
        /// SHA-256 of the stored bytes.
        var stored: [UInt8]
        var isCompressed: Bool
        /// The stored bytes; `nil` if they are not kept.
        var bytes: [UInt8]?
    }

    fileprivate struct Key: Hashable {
        let identity: ReplayChunk.Identity
        let rows: Int
    }

    /// A chunk to store: its memory and the number of rows in use.
    fileprivate struct Piece: Sendable {
        let chunk: ReplayChunk
        let rows: Int
        let rowBytes: Int
        /// Rows of the chunk in the file, at least as many as are in use.
        let extent: Int
        fileprivate var key: Key { Key(identity: chunk.identity, rows: rows) }
    }

    private var known: [Key: Stored] = [:]
    private var used: Set<Key> = []
    /// The chunks of the columns that this save has copied from another file, by the columns' paths.
    private var copied: [String: [Stored?]] = [:]
    private var keptBytes = 0
    private var keptLimit = 0

    /// Begins a save of arrays with the given number of bytes of replay.
    func begin(replayBytes: Int) {
        used = []
        copied = [:]
        keptLimit = replayBytes / Self.share
    }

    /// Ends a save; forgets the chunks that it did not contain.
    func end() {
        known = known.filter { used.contains($0.key) }
        keptBytes = known.values.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
    }

    /// Writes the slots in use of a column to a chunked dataset.
    ///
    /// - Returns: The digest of the column: SHA-256 of the digests of its chunks.
    func write(
        _ column: ReplaySnapshot.Column, of snapshot: ReplaySnapshot, into dataset: borrowing HDF5.Dataset
    ) throws(CheckpointError) -> String {
        let pieces = Self.pieces(column, snapshot)
        var digest = try FileDigest()
        for start in stride(from: 0, to: pieces.count, by: Self.batch) {
            let batch = Array(pieces[start..<min(start + Self.batch, pieces.count)])
            let stored = try stored(batch)
            try write(batch, stored, from: start * snapshot.chunkLength, into: dataset, &digest)
        }
        return digest.finalize().hexadecimal
    }

    /// Writes a column of a file to a chunked dataset, with only a few chunks in memory.
    ///
    /// - Returns: The digest of the column.
    func write(
        from cursor: ReplayCursor, _ column: ReplaySnapshot.Column, of snapshot: ReplaySnapshot,
        into dataset: borrowing HDF5.Dataset
    ) throws(CheckpointError) -> String {
        var digest = try FileDigest()
        var copied: [Stored] = []
        while true {
            var batch: [Piece] = []
            while batch.count < Self.batch, let chunk = try cursor.next() {
                batch.append(
                    Self.piece(chunk, at: (copied.count + batch.count) * snapshot.chunkLength, column, snapshot))
            }
            if batch.isEmpty { break }
            let stored = try batch.concurrentlyMapped { (piece) throws(CheckpointError) in try Self.store(piece, nil) }
            try write(batch, stored, from: copied.count * snapshot.chunkLength, into: dataset, &digest)
            copied += stored.map { Stored(content: [], stored: $0.stored, isCompressed: $0.isCompressed, bytes: nil) }
        }
        self.copied[dataset.path] = copied
        return digest.finalize().hexadecimal
    }

    /// Writes chunks and adds their digests to that of the column.
    ///
    /// - Parameter row: The first row of the first chunk.
    private func write(
        _ batch: [Piece], _ stored: [Stored], from row: Int, into dataset: borrowing HDF5.Dataset,
        _ digest: inout FileDigest
    ) throws(CheckpointError) {
        var position = Array(repeating: 0, count: dataset.shape.count)
        position[0] = row
        for (piece, stored) in zip(batch, stored) {
            stored.content.withUnsafeBytes { digest.update($0) }
            do throws(HDF5Error) {
                if let bytes = stored.bytes {
                    try bytes.withBytes { (bytes: UnsafeRawBufferPointer) throws(HDF5Error) in
                        try dataset.writeChunk(at: position, from: bytes, skippedFilters: stored.isCompressed ? 0 : 1)
                    }
                } else {
                    try piece.withContent { (bytes: UnsafeRawBufferPointer) throws(HDF5Error) in
                        try dataset.writeChunk(at: position, from: bytes, skippedFilters: 1)
                    }
                }
            } catch { throw ContainerWriter.failure(dataset.path, error) }
            position[0] += piece.extent
        }
    }

    /// Compares a column in the file with what was written.
    func verify(
        _ column: ReplaySnapshot.Column, of snapshot: ReplaySnapshot, in dataset: borrowing HDF5.Dataset
    ) throws(CheckpointError) {
        let offset = Array(repeating: 0, count: column.shape.count)
        let extent = min(snapshot.chunkLength, snapshot.count)
        let pieces = column.isInFile ? [] : Self.pieces(column, snapshot)
        let expected = copied[dataset.path] ?? pieces.map { known[$0.key] }
        for (index, expected) in expected.enumerated() {
            let position = [index * snapshot.chunkLength] + offset
            let found: (bytes: [UInt8], skippedFilters: UInt32)
            do throws(HDF5Error) {
                found = try dataset.readChunk(at: position, limit: extent * column.bytesPerSlot)
            } catch { throw .broken(.chunks, "/\(dataset.path) could not be read back: \(error)", error) }
            guard let expected, try FileDigest.digest(of: found.bytes).bytes == expected.stored,
                found.skippedFilters == (expected.isCompressed ? 0 : 1)
            else {
                throw .broken(.chunks, "/\(dataset.path) does not read back as it was written.")
            }
        }
    }

    private static func pieces(_ column: ReplaySnapshot.Column, _ snapshot: ReplaySnapshot) -> [Piece] {
        stride(from: 0, to: snapshot.count, by: snapshot.chunkLength).enumerated().map { index, first in
            piece(column.chunks[index], at: first, column, snapshot)
        }
    }

    /// - Parameter first: The first slot of the chunk.
    private static func piece(
        _ chunk: ReplayChunk, at first: Int, _ column: ReplaySnapshot.Column, _ snapshot: ReplaySnapshot
    ) -> Piece {
        Piece(
            chunk: chunk, rows: min(snapshot.chunkLength, snapshot.count - first), rowBytes: column.bytesPerSlot,
            extent: min(snapshot.chunkLength, snapshot.count))
    }

    /// Returns chunks as a file stores them, compressing on all cores those that are not kept. A chunk without `bytes`
    /// is stored uncompressed.
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
            guard let stored else { preconditionFailure("every chunk must be known or just compressed") }
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
                // The digest of a full chunk is already known.
                let stored = if used.count == content.count { digest } else { try Self.digest(content) }
                return Stored(content: digest, stored: stored, isCompressed: false, bytes: nil)
            }
            let stored = if let known { known.stored } else { try FileDigest.digest(of: bytes).bytes }
            return Stored(content: digest, stored: stored, isCompressed: true, bytes: bytes)
        }
    }

    /// Returns the SHA-256 of a chunk's rows.
    static func digest(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) -> [UInt8] {
        try FileDigest.digest(of: bytes).bytes
    }
}

extension CompressedChunkCache.Piece {
    /// Calls `body` with the chunk as the file stores it before compression: unused rows are zeros.
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
