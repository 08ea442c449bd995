public import Foundation

/// Converts checkpoint files to another version of the format.
public enum CheckpointConverter {
    /// Reads a file of any known version and writes its state as a new file of another version.
    ///
    /// The new file keeps the writer of the old one. Converting to a newer version and back yields the same bytes.
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
        let (checkpoint, dropped) = try Checkpoint(contentsOf: source, understanding: understood).converted(
            to: version, allowLossy: allowLossy)
        try checkpoint.write(to: target, overwriting: overwriting, version: version)
        return dropped
    }
}
