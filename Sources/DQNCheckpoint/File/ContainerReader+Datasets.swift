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
    func forEachRun(
        of entry: Manifest.Entry, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        findings.examined.insert(entry.path)
        let dataset = try open(entry)
        let rows = entry.shape.first ?? 1
        let rowBytes = entry.bytesPerRow
        let run = max(1, Limit.runBytes / max(rowBytes, 1))
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
    func forEachReplayChunk(
        of entry: Manifest.Entry, rows chunkLength: Int, _ body: (ReplayChunk) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let cursor = try cursor(of: entry, rows: chunkLength)
        while let chunk = try cursor.next() { try body(chunk) }
    }

    /// Returns a cursor that reads a dataset as replay chunks of the given number of rows.
    func cursor(of entry: Manifest.Entry, rows chunkLength: Int) throws(CheckpointError) -> ReplayCursor {
        findings.examined.insert(entry.path)
        return try ReplayCursor(
            entry, in: open(entry), of: path, rows: chunkLength, checksDigest: checksDigests)
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
