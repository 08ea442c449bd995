public import Foundation

/// Converts checkpoint files to another version of the format.
public enum CheckpointConverter {
    /// Reads a file of any known version and writes its state as a new file of another version.
    ///
    /// Replays are read and written a few chunks at a time. The new file keeps the writer of the old one. Converting to a newer version and back yields the same bytes.
    /// - Parameters:
    ///   - source: The file to read.
    ///   - target: The file to write; it may be the same.
    ///   - version: The version to write, one of ``FormatVersion/known``.
    ///   - allowLossy: Whether to leave out what the version cannot represent.
    ///   - overwriting: Whether to replace an existing file.
    ///   - understood: The owners of extensions that the caller supports.
    /// - Returns: What was left out, a path and a short description each.
    /// - Throws: ``CheckpointError``, like ``Checkpoint/init(contentsOf:understanding:)`` and
    ///   ``Checkpoint/write(to:overwriting:version:)``; `lossy` also if a loss is not allowed.
    @discardableResult
    public static func convert(
        from source: URL, to target: URL, version: String, allowLossy: Bool = false, overwriting: Bool = false,
        understanding understood: Set<String> = []
    ) throws(CheckpointError) -> [String] {
        _ = try FormatVersion.index(of: version)
        return try copy(source, to: target, replays: true, version, overwriting, understood) {
            (checkpoint) throws(CheckpointError) in
            let (converted, dropped) = try checkpoint.converted(to: version, allowLossy: allowLossy)
            return (converted, dropped)
        }
    }

    /// Reads a file of any known version and writes its state without some parts as a file of the current version; see
    /// ``Checkpoint/stripped(replay:optimizer:allButPolicy:)``.
    ///
    /// Replays that are left out are not read.
    /// - Returns: What the new file lacks, as in ``Checkpoint/stripped``.
    /// - Throws: ``CheckpointError``, like ``convert(from:to:version:allowLossy:overwriting:understanding:)``.
    package static func strip(
        _ source: URL, to target: URL, replay: Bool, optimizer: Bool, allButPolicy: Bool, overwriting: Bool
    ) throws(CheckpointError) -> [String] {
        try copy(source, to: target, replays: !replay && !allButPolicy, FormatVersion.current, overwriting, []) {
            let result = $0.stripped(replay: replay, optimizer: optimizer, allButPolicy: allButPolicy)
            return (result, result.stripped)
        }
    }

    /// Writes a changed state to a new file. Replays pass from one file to the other a few chunks at a time.
    ///
    /// - Parameter change: Returns the new state and the result; it may leave out replay columns, but not change them.
    private static func copy(
        _ source: URL, to target: URL, replays: Bool, _ version: String, _ overwriting: Bool,
        _ understood: Set<String>,
        _ change: @Sendable (Checkpoint) throws(CheckpointError) -> (checkpoint: Checkpoint, result: [String])
    ) throws(CheckpointError) -> [String] {
        try DurableFile.requireOwnTemporary(of: target)
        return try CheckpointFile.open(source.path, for: .copying(replays: replays), checksDigests: false) {
            (file) throws(CheckpointError) in
            let checkpoint = try CheckpointFile.checkpoint(file.reader)
            try CheckpointFile.require(checkpoint.requiredExtensions, of: source, understanding: understood)
            let (changed, result) = try change(checkpoint)
            try changed.write(
                to: target, overwriting: overwriting, version: version, cache: CompressedChunkCache(), copying: file)
            return result
        }
    }
}
