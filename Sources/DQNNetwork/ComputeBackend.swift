public import DQNModel

/// Makes network computations on some device; oneDNN on the processor is the one that exists.
public protocol ComputeBackend: Sendable {
    /// Makes the computation of an architecture for one batch size.
    ///
    /// A thread that makes or runs computations has called ``ComputeThreads/useCallingThreadOnly()`` before; which one does
    /// what is free.
    /// - Parameters:
    ///   - batchSize: observations per pass.
    ///   - training: whether ``NetworkComputation/backward(into:)`` will be called.
    /// - Throws: ``NetworkError`` when the network cannot be set up.
    func makeComputation(
        of architecture: NetworkArchitecture, batchSize: Int, training: Bool
    ) throws(NetworkError) -> any NetworkComputation
}

/// Forward and backward of one network for one batch size.
///
/// Not thread-safe: one per thread. A pass allocates nothing outside the compute library.
public protocol NetworkComputation: AnyObject {
    /// The network.
    var architecture: NetworkArchitecture { get }
    /// Observations per pass.
    var batchSize: Int { get }

    /// Takes the parameters for the coming passes. Weights in a library's own layouts are refreshed here; others are
    /// read from the slab itself, which therefore must not change between this call and the end of the passes.
    func use(_ parameters: ParameterSlab) throws(NetworkError)

    /// Puts elements of one observation into the input, which the network takes as floats (uint8 scaled by 1/255). Not
    /// between a forward pass and its backward pass.
    ///
    /// - Parameters:
    ///   - bytes: elements of the input's type, raw.
    ///   - row: the observation within the batch.
    ///   - offset: first element within the observation; frames of a stack are loaded one by one.
    func load(_ bytes: UnsafeRawBufferPointer, row: Int, offset: Int)

    /// Computes the outputs of the loaded batch, valid until the next pass: `batchSize` rows of the architecture's
    /// `outputCount` numbers, which are Q-values, or logits and the state's value.
    func forward() throws(NetworkError) -> UnsafeBufferPointer<Float>

    /// Where the gradient of the loss with respect to the outputs goes before ``backward(into:)``.
    var outputGradient: UnsafeMutableBufferPointer<Float> { get }

    /// Computes the gradients of every parameter from ``outputGradient`` and the last forward pass.
    func backward(into gradients: ParameterSlab) throws(NetworkError)
}
