public import DQNModel

/// Computes on the processor with oneDNN, and with the loops of `CKernels` where they are faster.
///
/// oneDNN always computes on the calling thread. With a team, the threads divide the rows of a batch.
public struct OneDNNBackend: ComputeBackend {
    private let team: ComputeTeam?
    private let serving: ServingPrecision?

    /// Creates the backend.
    ///
    /// - Parameters:
    ///   - team: The threads that share computations of more than one row; `nil` computes on the calling thread.
    ///   - serving: For constant parameters: computations of one observation keep a copy of the parameters, which takes
    ///     time to make and is several times as fast to use. `nil` for parameters that are being trained.
    public init(team: ComputeTeam? = nil, serving: ServingPrecision? = nil) {
        self.team = team
        self.serving = serving
    }

    /// Creates the computation of an architecture for one batch size.
    ///
    /// - Throws: ``NetworkError`` (`computeLibrary`) naming the part that oneDNN cannot set up, or (`invalidState`) for
    ///   an invalid architecture or an invalid value of the environment variable `DQN_MAX_CPU_ISA`.
    public func makeComputation(
        of architecture: NetworkArchitecture, batchSize: Int, training: Bool
    ) throws(NetworkError) -> any NetworkComputation {
        precondition(batchSize >= 1, "the batch size must be at least 1")
        try InstructionSets.check()
        guard let team, team.threads > 1, batchSize > 1 else {
            return try OneDNNComputation(
                architecture, batchSize: batchSize, training: training, serving: serving)
        }
        return try ShardedComputation(architecture, batchSize: batchSize, training: training, team: team)
    }
}
