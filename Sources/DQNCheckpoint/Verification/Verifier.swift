public import Foundation

/// Checks files against the numbered rules of `docs/format.md`.
public enum Verifier {
    /// What became of one file.
    public struct Report: Sendable {
        /// The file.
        public let url: URL
        /// Why it breaks a rule; `nil` for a file that keeps all of them.
        public let failure: CheckpointError?
        /// Digest that identifies the content of a valid file.
        public let digest: String?
        /// Whether the file keeps all rules.
        public var isValid: Bool { failure == nil }
    }

    /// Checks every rule: structure, digests of all datasets, and what each part must be to the others.
    ///
    /// Cost: one pass over the file.
    public static func verify(_ url: URL) -> Report {
        do throws(CheckpointError) {
            let digest = try CheckpointFile.read(url.path) { (reader) throws(CheckpointError) in
                _ = try FormatVersion.codec(of: reader.version).checkpoint(reader)
                return reader.digest
            }
            return Report(url: url, failure: nil, digest: digest)
        } catch {
            return Report(url: url, failure: error, digest: nil)
        }
    }
}
