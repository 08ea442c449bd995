public import DQNModel
public import Foundation

/// Checks files against the numbered rules of `docs/format.md`.
public enum Verifier {
    /// What became of one file.
    public struct Report: Sendable {
        /// The file.
        package let url: URL
        /// Why it breaks a rule, for every rule that could be checked, in the order in which a file is read; empty for a
        /// file that keeps all of them. Of one rule at most 16 are named one by one.
        public let failures: [CheckpointError]
        /// What could not be looked at because of the failures, in words; `nil` where everything was.
        package let unchecked: String?
        /// Digest that identifies the content of a valid file.
        package let digest: String?
        /// The first failure: the one that loading the file is refused with.
        package var failure: CheckpointError? { failures.first }
        /// Whether the file keeps all rules.
        public var isValid: Bool { failures.isEmpty }
    }

    /// Checks every rule: structure, digests, and what each part must be to the others.
    ///
    /// A file that is no checkpoint at all, or whose seal, attributes, manifest or list of objects is wrong, is looked at
    /// no further; every other part is checked on its own. Nothing is kept of a replay but what rules are about.
    ///
    /// Cost: one pass over a file without a seal, two over one that has one; `deep` inflates every chunk of it besides.
    /// - Parameter deep: also inflates the replay chunks of a sealed file, for whose bytes the seal vouches, and compares
    ///   them with their digests and rules; and checks that their episodes fit together (R22), which loading does not.
    public static func verify(_ url: URL, deep: Bool = false) -> Report {
        do throws(CheckpointError) {
            let (failures, unchecked, digest) = try CheckpointFile.read(
                url.path, for: .verifying(deep: deep)
            ) { (reader) throws(CheckpointError) in
                let unchecked = try check(reader)
                return (reader.findings.failures, unchecked, reader.digest)
            }
            return Report(
                url: url, failures: failures, unchecked: unchecked, digest: failures.isEmpty ? digest : nil)
        } catch {
            return Report(
                url: url, failures: [error],
                unchecked: error.code == .malformed ? "everything else: nothing can be told without it" : nil,
                digest: nil)
        }
    }

    /// Decodes everything, then looks at the datasets that decoding did not come to; gives what could not be decoded.
    private static func check(_ reader: borrowing ContainerReader) throws(CheckpointError) -> String? {
        _ = try? FormatVersion.codec(of: reader.version).checkpoint(reader)
        for entry in reader.manifest.datasets where !reader.findings.examined.contains(entry.path) {
            _ = try reader.part(entry.path) { (reader) throws(CheckpointError) in try reader.examine(entry) }
        }
        let hasNoNetwork = reader.findings.all.contains { $0.part == "architecture" }
        return hasNoNetwork ? "/parameters, /optimizer and /workers but for their digests: they need the network" : nil
    }
}

extension ContainerReader {
    /// Looks at a dataset's storage and, as far as the purpose goes, its elements' digest.
    fileprivate func examine(_ entry: Manifest.Entry) throws(CheckpointError) {
        if entry.chunkRows != nil, !readsReplays { return try checkStoredChunks(of: entry) }
        try forEachStoredRun(of: entry) { (_) throws(CheckpointError) in }
    }
}
