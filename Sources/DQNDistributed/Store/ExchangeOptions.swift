internal import DQNLearning
internal import DQNModel

/// How a worker process exchanges gradients and parameters with the shards.
package struct ExchangeOptions: Codable, Sendable, Equatable {
    /// The gradients, of all threads of the process, that are averaged before they are sent; 1 sends each.
    package var accumulation = 1
    /// Whether floats travel with half precision.
    package var usesHalf = false
    /// Whether no other process trains these parameters. The process then computes on a mirror of θ that is always
    /// equal to it, as a run's only worker does in one process.
    package var isOnlyWorker = false

    package init() {}

    enum CodingKeys: String, CodingKey {
        case accumulation
        case usesHalf = "half"
        case isOnlyWorker = "only_worker"
    }

    /// Refuses options that do not fit each other.
    ///
    /// - Throws: ``ClusterError`` (`invalidCluster`).
    func validate(for configuration: TrainingConfiguration) throws(ClusterError) {
        guard accumulation >= 1 else {
            throw ClusterError(
                code: .invalidCluster, message: "\(accumulation) gradients cannot be accumulated; use at least 1.")
        }
        guard isOnlyWorker else { return }
        guard configuration.workers == 1, accumulation == 1, !usesHalf else {
            throw ClusterError(
                code: .invalidCluster,
                message: "A run's only worker exchanges every gradient with full precision; use several workers, or "
                    + "neither accumulation nor half precision.")
        }
    }
}
