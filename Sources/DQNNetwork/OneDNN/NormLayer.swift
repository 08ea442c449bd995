internal import CKernels
internal import DQNModel

/// Layer normalisation of vectors (Ba 2016) and its activation function, for one batch size.
struct NormLayer {
    /// The number of elements of a vector.
    let count: Int
    /// The activations, `[batch, count]`; owned by the computation.
    let activation: UnsafeMutablePointer<Float>
    /// The gradient of the activations, of the same shape; for training only.
    let gradient: UnsafeMutablePointer<Float>?

    private let function: kernels_activation
    private let batchSize: Int
    private let weightOffset: Int
    private let biasOffset: Int
    /// What the activation function is computed from: `activation` itself, unless the backward pass needs both.
    private let normalized: UnsafeMutablePointer<Float>
    /// The mean of each vector and the factor that it was multiplied by, `[batch, 2]`.
    private let statistics: UnsafeMutablePointer<Float>

    /// Creates a layer, with its buffers in `memory` and `rows`.
    init(
        weight: ParameterLayout.Entry, bias: ParameterLayout.Entry, activation: NetworkArchitecture.Activation,
        batchSize: Int, training: Bool, memory: ComputeMemory, rows: RowMemory
    ) {
        count = weight.count
        function = activation.kernel
        self.batchSize = batchSize
        weightOffset = weight.offset
        biasOffset = bias.offset
        let activations = rows.floats(weight.count)
        self.activation = activations
        normalized = training && activation.keepsArgument ? memory.floats(batchSize * weight.count) : activations
        gradient = training ? memory.floats(batchSize * weight.count) : nil
        statistics = memory.floats(2 * batchSize)
    }

    func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) {
        kernels_norm(
            normalized, statistics, x, slab.pointer(at: weightOffset), slab.pointer(at: biasOffset), batchSize, count)
        if function != KERNELS_IDENTITY { kernels_activate(activation, normalized, batchSize * count, function) }
    }

    /// Computes the gradients of the parameters and, unless `xGradient` is nil, of the input.
    ///
    /// - Parameter accumulating: Whether the input's gradient is added to the contents of `xGradient`.
    func backward(
        _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, accumulating: Bool, _ slab: ParameterSlab,
        into gradients: ParameterSlab
    ) {
        guard let gradient else { preconditionFailure("backward needs a computation made for training") }
        function.pullBack(gradient, activation, normalized, count: batchSize * count)
        kernels_norm_backward(
            xGradient, gradients.pointer(at: weightOffset), gradients.pointer(at: biasOffset), gradient, x, statistics,
            slab.pointer(at: weightOffset), batchSize, count, 0, accumulating ? 1 : 0)
    }
}
