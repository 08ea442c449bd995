public import DQNModel

/// A device that computes networks. ``OneDNNBackend``, on the processor, is the built-in one.
public protocol ComputeBackend: Sendable {
    /// Creates the computation of an architecture for one batch size.
    ///
    /// Call ``ComputeThreads/useCallingThreadOnly()`` first on each thread that creates or runs a computation. One
    /// thread may create a computation and another run it.
    ///
    /// - Parameters:
    ///   - architecture: The network.
    ///   - batchSize: Observations per pass.
    ///   - training: Whether ``NetworkComputation/backward(into:)`` will be called.
    /// - Throws: ``NetworkError`` if the device cannot compute the network.
    func makeComputation(
        of architecture: NetworkArchitecture, batchSize: Int, training: Bool
    ) throws(NetworkError) -> any NetworkComputation
}

/// The forward and backward passes of one network for one batch size.
///
/// Not thread-safe: use one per thread. A pass allocates nothing outside the compute library.
public protocol NetworkComputation: AnyObject {
    /// The network's architecture.
    var architecture: NetworkArchitecture { get }
    /// Observations per pass.
    var batchSize: Int { get }

    /// Sets the parameters of the next passes. Call it again after the parameters have changed.
    ///
    /// A computation may copy weights to its own layout here and read others from the slab during the passes, so the
    /// slab must not change between this call and the end of the passes.
    func use(_ parameters: ParameterSlab) throws(NetworkError)

    /// Loads elements of one observation into the input. The architecture's offset and scale are applied to its
    /// elements.
    ///
    /// Must not be called between a forward pass and its backward pass.
    ///
    /// - Parameters:
    ///   - bytes: Elements of the input's type.
    ///   - row: The index of the observation in the batch.
    ///   - offset: The index of the first element in the observation; the frames of a stack can be loaded one by one.
    func load(_ bytes: UnsafeRawBufferPointer, row: Int, offset: Int)

    /// Computes the outputs of the loaded batch; valid until the next pass.
    ///
    /// The memory must be writable: a caller may overwrite outputs, such as those of actions that are not allowed, so
    /// ``backward(into:)`` must not read them.
    ///
    /// - Returns: `batchSize` rows of the architecture's `outputCount` numbers: Q-values, logits and the state value, or
    ///   quantiles.
    func forward() throws(NetworkError) -> UnsafeBufferPointer<Float>

    /// The gradient of the loss with respect to the outputs. Set it before ``backward(into:)``.
    var outputGradient: UnsafeMutableBufferPointer<Float> { get }

    /// Computes the gradient of every parameter from ``outputGradient`` and the last forward pass.
    func backward(into gradients: ParameterSlab) throws(NetworkError)
}
