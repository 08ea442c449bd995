internal import DQNCheckpoint
internal import DQNSupport

/// What the programs print for `--version`.
package enum ProgramVersion {
    /// As in `0.1.0 (commit 6d629fd1c0de)`. A plus sign after the commit means that files had been changed since.
    package static let text: String = {
        let commit = BuildCommit.text.map { "commit \($0)" } ?? "commit not recorded"
        return "\(Writer.current.version) (\(commit))"
    }()
}
