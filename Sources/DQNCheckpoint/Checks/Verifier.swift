public import DQNModel
public import Foundation

/// Checks files against the numbered rules of `docs/format.md`.
public enum Verifier {
    /// The result for one file.
    public struct Report: Sendable {
        /// The file.
        package let url: URL
        /// The broken rules, among those that could be checked, in reading order; empty for a valid file. At most 16
        /// failures of a rule are listed individually.
        public let failures: [CheckpointError]
        /// What could not be checked because of the failures, as text; `nil` if everything was.
        package let unchecked: String?
        /// The digest that identifies a valid file.
        package let digest: String?
        /// The first failure, with which loading the file fails.
        package var failure: CheckpointError? { failures.first }
        /// Whether the file satisfies all rules.
        public var isValid: Bool { failures.isEmpty }
    }

    /// Checks every rule: structure, digests and consistency between the parts.
    ///
    /// Checking stops if the file is not a checkpoint or its seal, attributes, manifest or list of objects is invalid;
    /// every other part is checked separately. Replays are read a few chunks at a time.
    ///
    /// Cost: one pass over a file without a seal, two over a sealed file, and with `deep` inflating all its chunks.
    /// - Parameter url: The file.
    /// - Parameter deep: Also inflates the replay chunks of a sealed file, whose bytes the seal already covers, and
    ///   checks their digests and rules. This includes the episodes (R22) of other programs' methods, which loading does
    ///   not check. Without it only columns that rules restrict are inflated, if they are small.
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
                unchecked: error.code == .malformed ? "everything else, which depends on it" : nil,
                digest: nil)
        }
    }

    /// Decodes everything, then checks the datasets that decoding did not reach; returns what could not be decoded.
    private static func check(_ reader: borrowing ContainerReader) throws(CheckpointError) -> String? {
        _ = try? FormatVersion.codec(of: reader.version).checkpoint(reader)
        for entry in reader.manifest.datasets where !reader.findings.examined.contains(entry.path) {
            _ = try reader.part(entry.path) { (reader) throws(CheckpointError) in try reader.examine(entry) }
        }
        let hasNoNetwork = reader.findings.all.contains { $0.part == "architecture" }
        return hasNoNetwork
            ? "/parameters, /optimizer and /workers, except for their digests: they depend on the network" : nil
    }
}

extension ContainerReader {
    /// Checks a dataset's storage and, depending on the purpose, the digest of its elements.
    fileprivate func examine(_ entry: Manifest.Entry) throws(CheckpointError) {
        if entry.chunkRows != nil, replayUse == .sample { return try checkStoredChunks(of: entry) }
        try forEachStoredRun(of: entry) { (_) throws(CheckpointError) in }
    }
}
