public import DQNModel
public import Foundation
internal import HDF5

extension Checkpoint {
    /// Writes the checkpoint to a new file durably: either completely or not at all. If only synchronising the
    /// directory fails, the complete file remains and an error is thrown.
    ///
    /// Writes to `PATH.tmp`, synchronises it to the disk, reads it back, compares it, seals it, then renames it. Most
    /// of the cost is compressing replays and two passes of SHA-256 over the rest.
    /// - Parameters:
    ///   - url: The new file.
    ///   - overwriting: Whether to replace an existing file.
    ///   - version: The format version, one of ``FormatVersion/known``.
    /// - Throws: ``CheckpointError``: `exists`, `invalidState`, `inputOutput`, `unsupportedVersion`, and `lossy` for a
    ///   state that an older version cannot represent completely; see
    ///   ``CheckpointConverter/convert(from:to:version:allowLossy:overwriting:understanding:)``. An existing file is
    ///   unchanged then.
    public func write(
        to url: URL, overwriting: Bool = false, version: String = FormatVersion.current
    ) throws(CheckpointError) {
        try DurableFile.requireOwnTemporary(of: url)
        try write(to: url, overwriting: overwriting, version: version, cache: CompressedChunkCache())
    }

    /// Writes the file like ``write(to:overwriting:version:)``, with compressed chunks of earlier saves.
    ///
    /// - Parameter source: The file that holds the replay columns that are not in memory.
    /// - Returns: The digest that identifies the file.
    @discardableResult
    func write(
        to url: URL, overwriting: Bool, version: String, cache: CompressedChunkCache,
        copying source: OpenContainer? = nil
    ) throws(CheckpointError) -> String {
        let codec = try FormatVersion.codec(of: version)
        if !overwriting, FileManager.default.fileExists(atPath: url.path) {
            throw CheckpointError(
                code: .exists, message: "'\(url.path)' exists; choose another name or allow overwriting.")
        }
        let arrays = try codec.arrays(try converted(to: version).checkpoint)
        cache.begin(
            replayBytes: arrays.reduce(0) { $0 + ($1.replay == nil ? 0 : $1.shape.reduce($1.element.byteCount, *)) })
        defer { cache.end() }
        var digest = ""
        try DurableFile.commit(to: url) { (temporary) throws(CheckpointError) in
            try ContainerWriter.write(
                arrays, attributes: attributes(version), to: temporary, layout: codec.layout, cache: cache,
                copying: source)
        } verify: { (temporary) throws(CheckpointError) in
            guard codec.layout == .sealed else {
                digest = try CheckpointFile.verifyUnsealed(temporary)
                return []
            }
            // Reads twice at once: the content to compare it with the arrays, and the bytes for the seal.
            let seal = Concurrently { () throws(CheckpointError) in try Seal.make(for: temporary, version: version) }
            defer { _ = try? seal.value() }
            try CheckpointFile.verify(temporary, beforeSealing: version, arrays, cache)
            digest = try seal.value().digest
            return try seal.value().bytes
        }
        return digest
    }

    /// The root attributes except the manifest's digest, in writing order.
    private func attributes(_ version: String) -> [(name: String, value: HDF5.AttributeValue)] {
        [
            (FileLayout.format, .string(FileLayout.formatName)), (FileLayout.version, .string(version)),
            (FileLayout.writer, .string(writer.name)), (FileLayout.writerVersion, .string(writer.version)),
            (FileLayout.agentSteps, .int64(Int64(counters.agentSteps))),
        ]
    }
}

extension CheckpointFile {
    /// Reads back every byte of a file without a seal, compares it with its digest and the structure with the manifest,
    /// and returns the manifest's digest.
    fileprivate static func verifyUnsealed(_ path: String) throws(CheckpointError) -> String {
        try read(path) { (reader) throws(CheckpointError) in
            for entry in reader.manifest.datasets {
                try reader.forEachRun(of: entry) { (_) throws(CheckpointError) in }
            }
            return reader.digest
        }
    }

    /// Reads back a file before it is sealed and compares it with the arrays.
    fileprivate static func verify(
        _ path: String, beforeSealing version: String, _ arrays: [StoredArray], _ cache: CompressedChunkCache
    ) throws(CheckpointError) {
        try HDF5.perform { session throws(CheckpointError) in
            let reader = try ContainerReader(
                path, seal: .pending(version: version), knowing: [ContainerVersion(name: version, layout: .sealed)],
                checksDigests: true, session: session)
            for array in arrays {
                let entry = try reader.entry(array.path, array.element, rule: .completeness)
                if entry.chunkRows != nil, let (snapshot, column) = array.replay {
                    try reader.withDataset(entry) { (dataset) throws(CheckpointError) in
                        try cache.verify(column, of: snapshot, in: dataset)
                    }
                } else {
                    try reader.forEachRun(of: entry) { (_) throws(CheckpointError) in }
                }
            }
        }
    }
}
