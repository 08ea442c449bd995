public import DQNModel

/// Computes on the processor with oneDNN, and with own vector loops where a call into oneDNN costs more than the work.
///
/// oneDNN itself always computes on the thread that calls it; a team divides the rows of a batch.
public struct OneDNNBackend: ComputeBackend {
    private let team: ComputeTeam?

    /// Creates the backend.
    ///
    /// - Parameter team: who shares the computations of more than one row; `nil` leaves them to the calling thread.
    public init(team: ComputeTeam? = nil) { self.team = team }

    /// Makes the computation of an architecture for one batch size.
    ///
    /// - Throws: ``NetworkError`` (`computeLibrary`) naming the part that oneDNN refuses, or (`invalidState`) for an
    ///   architecture that cannot be built.
    public func makeComputation(
        of architecture: NetworkArchitecture, batchSize: Int, training: Bool
    ) throws(NetworkError) -> any NetworkComputation {
        precondition(batchSize >= 1, "a batch holds at least one observation")
        guard let team, team.threads > 1, batchSize > 1 else {
            return try OneDNNComputation(architecture, batchSize: batchSize, training: training)
        }
        return try ShardedComputation(architecture, batchSize: batchSize, training: training, team: team) {
            rows throws(NetworkError) in
            try OneDNNComputation(architecture, batchSize: rows, training: training)
        }
    }
}
