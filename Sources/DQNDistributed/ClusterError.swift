package import DQNModel

/// Why processes of a cluster cannot work together.
package typealias ClusterError = DQNError<ClusterErrors>

/// The domain of ``ClusterError``.
package enum ClusterErrors: Sendable {}

extension DQNError.Code where Domain == ClusterErrors {
    /// A message is not one of this protocol, or does not fit its header.
    package static var malformedMessage: Self { Self(rawValue: "malformedMessage") }
    /// The other process belongs to another run, network or shard, or refuses the request for the stated reason.
    package static var refused: Self { Self(rawValue: "refused") }
    /// Too few processes take part.
    package static var missingProcesses: Self { Self(rawValue: "missingProcesses") }
    /// A worker's state cannot be written to this machine's temporary directory.
    package static var temporaryFile: Self { Self(rawValue: "temporaryFile") }
    /// The settings of a cluster do not fit each other.
    package static var invalidCluster: Self { Self(rawValue: "invalidCluster") }
}
