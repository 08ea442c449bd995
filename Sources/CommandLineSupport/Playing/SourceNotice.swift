internal import DQNCheckpoint
package import DQNEnvironments
internal import DQNModel
package import Foundation

extension EnvironmentSpecification {
    /// Returns a message if the source of the environment differs from the one that a checkpoint records; `nil` if it does
    /// not, or if either is unknown.
    ///
    /// Reads the checkpoint's documents and the file of a plug-in. Built-in environments cost nothing.
    package func sourceNotice(since checkpoint: URL) -> String? {
        var parts = provenance
        if let libraryFile, let bytes = try? Data(contentsOf: URL(fileURLWithPath: libraryFile), options: .mappedIfSafe)
        {
            parts[EnvironmentSources.library] = try? FileDigest.hexadecimal(of: bytes)
        }
        // What is played has been read already, so a failure here is of no interest.
        guard EnvironmentSources.names.contains(where: { parts[$0] != nil }),
            let extensions = try? CheckpointSummary(contentsOf: checkpoint).extensions,
            let stored = extensions.first(where: { $0.owner == EnvironmentSources.owner }), stored.kind == id,
            stored.version == EnvironmentSources.layout,
            let change = EnvironmentSources.change(from: stored.texts, to: parts)
        else { return nil }
        return
            "the source of the environment '\(id)' has changed since the checkpoint (\(change)): the policy was trained "
            + "in the earlier one, so its returns may differ"
    }
}
