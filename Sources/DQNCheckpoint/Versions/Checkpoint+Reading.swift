public import DQNModel
public import Foundation

extension Checkpoint {
    /// Reads and checks a whole file of any known version.
    ///
    /// A seal (2.0) is compared with every byte before anything is parsed; it vouches for the datasets, whose own digests are
    /// compared where there is none. ``Verifier`` compares both.
    ///
    /// What an older version does not record is supplied: a worker of 1.0 is running, and has taken the run's agent
    /// steps where it is the only one, otherwise 0.
    /// - Parameter understood: owners of extensions that the caller understands.
    /// - Throws: ``CheckpointError``: `missing`, `malformed` with the rule it breaks, `unsupportedVersion`,
    ///   `unknownExtension`.
    public init(contentsOf url: URL, understanding understood: Set<String> = []) throws(CheckpointError) {
        try self.init(contentsOf: url, understanding: understood, knowing: FormatVersion.known)
    }

    /// Reads a file as a library does that knows only some versions.
    package init(
        contentsOf url: URL, understanding understood: Set<String> = [], knowing versions: [String]
    ) throws(CheckpointError) {
        let versions = FormatVersion.containers.filter { versions.contains($0.name) }
        // What a seal vouches for is not hashed a second time.
        self = try CheckpointFile.read(url.path, knowing: versions, checksDigests: false) {
            (reader) throws(CheckpointError) in
            try CheckpointFile.checkpoint(reader)
        }
        try CheckpointFile.require(extensions, of: url, understanding: understood)
    }
}
