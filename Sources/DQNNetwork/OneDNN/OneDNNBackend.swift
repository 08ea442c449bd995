public import DQNModel

/// Computes on the processor with oneDNN, and with own vector loops where a call into oneDNN costs more than the work.
public struct OneDNNBackend: ComputeBackend {
    /// Creates the backend.
    public init() {}

    /// Makes the computation of an architecture for one batch size.
    ///
    /// - Throws: ``NetworkError`` (`computeLibrary`) naming the part that oneDNN refuses, or (`invalidState`) for an
    ///   architecture that cannot be built.
    public func makeComputation(
        of architecture: NetworkArchitecture, batchSize: Int, training: Bool
    ) throws(NetworkError) -> any NetworkComputation {
        try OneDNNComputation(architecture, batchSize: batchSize, training: training)
    }
}
