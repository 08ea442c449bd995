internal import DQNModel
internal import HDF5

extension ContainerReader {
    /// Opens a listed dataset and checks its type, shape and storage against the manifest.
    private func open(_ entry: Manifest.Entry) throws(CheckpointError) -> HDF5.Dataset {
        let element = HDF5.ElementType(entry.type)
        do {
            guard let rows = entry.chunkRows else {
                return try root.openDataset(entry.path, as: element, shape: entry.shape, byteLimit: byteCount)
            }
            let found = try root.inspectDataset(entry.path)
            guard found.storage == .chunked([rows] + entry.shape.dropFirst()), found.filters == [Self.deflate] else {
                throw HDF5Error(
                    code: .layoutNotAllowed, message: "It is not stored in deflated chunks of \(rows) rows.")
            }
            return try root.openDataset(entry.path, as: element, shape: entry.shape, allowing: [Self.deflate])
        } catch {
            throw .broken(.types, "'\(path)' does not store /\(entry.path) as its manifest describes: \(error)", error)
        }
    }

    /// Calls `body` with a dataset, open for the call.
    func withDataset(
        _ entry: Manifest.Entry, _ body: (borrowing HDF5.Dataset) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let dataset = try open(entry)
        try body(dataset)
    }

    /// HDF5's identifier of the deflate filter.
    private static var deflate: HDF5.DatasetInformation.FilterNumber { 1 }

    /// Reads a contiguous dataset in runs of whole rows and checks its digest.
    ///
    /// - Parameter rowsPerRun: Rows per run; `nil` for as many as fit in ``Limit/runBytes``.
    func forEachRun(
        of entry: Manifest.Entry, rowsPerRun: Int? = nil,
        _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        findings.examined.insert(entry.path)
        let dataset = try open(entry)
        let rows = entry.shape.first ?? 1
        let rowBytes = entry.bytesPerRow
        let run = rowsPerRun ?? max(1, Limit.runBytes / max(rowBytes, 1))
        var digest = try FileDigest()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(run, max(rows, 1)) * rowBytes, alignment: 64)
        defer { buffer.deallocate() }
        for start in stride(from: 0, to: rows, by: run) {
            let range = start..<min(start + run, rows)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(range.count * rowBytes)])
            do {
                if range.count == rows { try dataset.read(into: part) } else { try dataset.readRows(range, into: part) }
            } catch { throw .broken(.digests, "'\(path)': /\(entry.path) could not be read: \(error)", error) }
            if checksDigests { digest.update(UnsafeRawBufferPointer(part)) }
            try body(UnsafeRawBufferPointer(part))
        }
        if checksDigests { try check(digest.finalize(), entry) }
    }

    private func check(_ digest: FileDigest.Value, _ entry: Manifest.Entry) throws(CheckpointError) {
        guard digest.hexadecimal == entry.sha256 else {
            throw .broken(.digests, "'\(path)' is damaged: /\(entry.path) does not match its digest.")
        }
    }

    /// Reads a whole contiguous dataset into `memory` and checks its digest.
    func read(_ entry: Manifest.Entry, into memory: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
        findings.examined.insert(entry.path)
        let dataset = try open(entry)
        do { try dataset.read(into: memory) } catch {
            throw .broken(.digests, "'\(path)': /\(entry.path) could not be read: \(error)", error)
        }
        guard checksDigests else { return }
        try check(try FileDigest.digest(of: UnsafeRawBufferPointer(memory)), entry)
    }

    /// Reads a contiguous or chunked dataset in runs of whole rows and checks its digest.
    func forEachStoredRun(
        of entry: Manifest.Entry, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        guard let rows = entry.chunkRows else { return try forEachRun(of: entry, body) }
        var remaining = entry.shape.reduce(entry.type.byteCount, *)
        try forEachReplayChunk(of: entry, rows: rows) { (chunk) throws(CheckpointError) in
            try chunk.withBytes { (bytes: UnsafeRawBufferPointer) throws(CheckpointError) in
                try body(UnsafeRawBufferPointer(rebasing: bytes[..<min(remaining, bytes.count)]))
            }
            remaining -= chunk.byteCount
        }
    }

    /// Reads a contiguous or chunked dataset as replay chunks of the given number of rows and checks its digest.
    ///
    /// Inflates the file's chunks on all cores, in batches of ``Limit/batchBytes`` or one chunk.
    func forEachReplayChunk(
        of entry: Manifest.Entry, rows chunkLength: Int, _ body: (ReplayChunk) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let chunkBytes = chunkLength * entry.bytesPerRow
        guard let rows = entry.chunkRows else {
            try forEachRun(of: entry, rowsPerRun: chunkLength) { (run) throws(CheckpointError) in
                try body(ReplayChunk(byteCount: chunkBytes, prefix: run))
            }
            return
        }
        findings.examined.insert(entry.path)
        let dataset = try open(entry)
        let count = entry.shape.first ?? 0
        let offset = Array(repeating: 0, count: entry.shape.count - 1)
        var digest = try FileDigest()
        var batch: [CompressedChunk] = []
        var batchBytes = 0
        for first in stride(from: 0, to: count, by: rows) {
            let stored: (bytes: [UInt8], skippedFilters: UInt32)
            do { stored = try dataset.readChunk(at: [first] + offset, limit: rows * entry.bytesPerRow) } catch {
                throw .broken(.chunks, "'\(path)': /\(entry.path) could not be read: \(error)", error)
            }
            batch.append(
                CompressedChunk(
                    bytes: stored.bytes, skippedFilters: stored.skippedFilters, extent: rows,
                    rows: min(rows, count - first), rowBytes: entry.bytesPerRow, path: entry.path))
            // The inflated size counts: the batch holds it in memory.
            batchBytes += rows * entry.bytesPerRow
            if batchBytes < Limit.batchBytes, first + rows < count { continue }
            let inflated = try batch.concurrentlyMapped { [checksDigests] (chunk) throws(CheckpointError) in
                try chunk.inflated(into: chunkBytes, digesting: checksDigests)
            }
            (batch, batchBytes) = ([], 0)
            for (chunk, itsDigest) in inflated {
                itsDigest.withUnsafeBytes { digest.update($0) }
                try body(chunk)
            }
        }
        if checksDigests { try check(digest.finalize(), entry) }
    }

    /// Checks that every chunk of a dataset exists and has a possible size.
    func checkStoredChunks(of entry: Manifest.Entry) throws(CheckpointError) {
        findings.examined.insert(entry.path)
        let dataset = try open(entry)
        guard let rows = entry.chunkRows, let count = entry.shape.first else { return }
        let offset = Array(repeating: 0, count: entry.shape.count - 1)
        for first in stride(from: 0, to: count, by: rows) {
            let size: Int
            do { size = try dataset.chunkByteCount(at: [first] + offset) } catch {
                throw .broken(.chunks, "'\(path)': /\(entry.path) could not be read: \(error)", error)
            }
            guard (1...(rows * entry.bytesPerRow)).contains(size) else {
                throw .broken(
                    .chunks,
                    "'\(path)': /\(entry.path) has an invalid chunk size of \(size) bytes at row \(first).")
            }
        }
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
        let decompressor = try Decompressor()
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
