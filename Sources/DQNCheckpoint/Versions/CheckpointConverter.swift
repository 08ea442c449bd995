public import Foundation

/// Writes checkpoint files anew in another version of the format.
public enum CheckpointConverter {
    /// Reads a file of any known version and writes its state as a new file of another.
    ///
    /// The writer that the file names is kept. Converting to a newer version and back gives the same bytes.
    /// - Parameters:
    ///   - source: the file to read.
    ///   - target: the file to write; it may be the same one.
    ///   - version: the version to write, one of ``FormatVersion/known``.
    ///   - allowLossy: whether what the version cannot hold may be left out.
    ///   - overwriting: whether a file that is there may be replaced.
    ///   - understood: owners of extensions that the caller understands.
    /// - Returns: what was left out, a path and a few words each.
    /// - Throws: ``CheckpointError``: as ``Checkpoint/init(contentsOf:understanding:)``,
    ///   ``Checkpoint/converted(to:allowLossy:)`` and ``Checkpoint/write(to:overwriting:version:)``.
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
