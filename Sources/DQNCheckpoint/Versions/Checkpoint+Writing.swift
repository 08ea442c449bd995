public import DQNModel
public import Foundation
internal import HDF5

extension Checkpoint {
    /// Writes the checkpoint to a new file, durably: all of it, or nothing (or, where only the directory could not be
    /// synchronised, all of it with an error).
    ///
    /// The bytes go to `PATH.tmp` first, which is synchronised to the disk, read back, compared and sealed, then renamed.
    /// Compressing replays and two passes of SHA-256 over the rest are most of its cost.
    /// - Parameters:
    ///   - overwriting: whether a file that is there may be replaced.
    ///   - version: the format's version, one of ``FormatVersion/known``.
    /// - Throws: ``CheckpointError``: `exists`, `invalidState`, `inputOutput`, `unsupportedVersion`, and `lossy` for
    ///   a state that an older version cannot hold whole: see ``converted(to:allowLossy:)``. Whatever was there before
    ///   is untouched.
    public func write(
        to url: URL, overwriting: Bool = false, version: String = FormatVersion.current
    ) throws(CheckpointError) {
        try write(to: url, overwriting: overwriting, version: version, cache: CompressedChunkCache())
    }

    /// Writes the file as ``write(to:overwriting:version:)`` does, with what earlier saves compressed at hand.
    ///
    /// - Returns: what identifies the file.
    @discardableResult
    func write(
        to url: URL, overwriting: Bool, version: String, cache: CompressedChunkCache
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
                arrays, attributes: attributes(version), to: temporary, layout: codec.layout, cache: cache)
        } verify: { (temporary) throws(CheckpointError) in
            guard codec.layout == .sealed else {
                digest = try CheckpointFile.verifyUnsealed(temporary)
                return []
            }
            // Two readings at once: of the content, which must be what was meant, and of the bytes, for the seal.
            let seal = Concurrently { () throws(CheckpointError) in try Seal.make(for: temporary, version: version) }
            defer { _ = try? seal.value() }
            try CheckpointFile.verify(temporary, beforeSealing: version, arrays, cache)
            digest = try seal.value().digest
            return try seal.value().bytes
        }
        return digest
    }

    /// The root attributes but the manifest's digest, in the order they are written.
    private func attributes(_ version: String) -> [(name: String, value: HDF5.AttributeValue)] {
        [
            (FileLayout.format, .string(FileLayout.formatName)), (FileLayout.version, .string(version)),
            (FileLayout.writer, .string(writer.name)), (FileLayout.writerVersion, .string(writer.version)),
            (FileLayout.agentSteps, .int64(Int64(counters.agentSteps))),
        ]
    }
}

extension CheckpointFile {
    /// Reads every byte of a file without a seal back and compares it with its digest, and the structure with the
    /// manifest; gives the manifest's digest.
    fileprivate static func verifyUnsealed(_ path: String) throws(CheckpointError) -> String {
        try read(path) { (reader) throws(CheckpointError) in
            for entry in reader.manifest.datasets {
                try reader.forEachRun(of: entry) { (_) throws(CheckpointError) in }
            }
            return reader.digest
        }
    }

    /// Reads what was written back, in a file that is to be sealed next, and compares it with what was meant.
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
