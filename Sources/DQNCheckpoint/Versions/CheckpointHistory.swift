package import DQNModel
package import Foundation

/// The learning curve of a checkpoint and the configuration of its run; loading them skips everything else.
package struct CheckpointHistory: Sendable {
    /// The configuration of the run.
    package let configuration: JSONValue
    /// The metrics against agent steps.
    package let history: MetricHistory

    /// Loads the learning curve of a file and checks everything it reads against digests.
    ///
    /// - Throws: Like ``Checkpoint/init(contentsOf:understanding:)``.
    package init(contentsOf url: URL) throws(CheckpointError) {
        self = try CheckpointFile.read(url.path, checksDigests: false) { (reader) throws(CheckpointError) in
            let codec = try FormatVersion.codec(of: reader.version)
            try CheckpointFile.require(try codec.requiredExtensions(reader), of: url, understanding: [])
            return CheckpointHistory(
                configuration: try codec.head(reader).configuration, history: try codec.history(reader))
        }
    }

    private init(configuration: JSONValue, history: MetricHistory) {
        self.configuration = configuration
        self.history = history
    }
}
