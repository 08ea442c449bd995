internal import CKernels
internal import COneDNN
internal import DQNModel

/// One fully connected layer for one batch size, with or without a rectified linear unit.
///
/// A few rows or outputs are computed by loops of `CKernels`, everything else by oneDNN's sgemm, on the weights in the
/// slab. For inference with constant parameters the layer keeps a transposed copy of them.
struct DenseLayer {
    let inputs: Int
    let outputs: Int
    let batchSize: Int
    let rectified: Bool
    private let strategy: Strategy
    /// The positions of weight and bias in the slab.
    let weightOffset: Int
    let biasOffset: Int
    /// The activations, `[batch, outputs]`; owned by the computation.
    let activation: UnsafeMutablePointer<Float>
    /// The gradient of the activations, of the same shape; for training only.
    let gradient: UnsafeMutablePointer<Float>?

    /// How a forward pass is computed.
    private enum Strategy {
        /// A few dot products, which take less time than the set-up of sgemm.
        case loops
        /// One row, whose inputs are mostly zero, with constant parameters.
        case served(ServedWeights)
        /// x Wᵀ.
        case product
        /// (W xᵀ)ᵀ: for x Wᵀ sgemm would first copy a large Wᵀ, which takes longer than the product. The memory holds
        /// the transposed activations.
        case transposedProduct(UnsafeMutablePointer<Float>)
    }

    /// With fewer outputs the loops are faster; with fewer rows sgemm copies nothing.
    private static let few = 16
    /// From this number of inputs on, copying the weights takes longer than transposing the activations.
    private static let manyInputs = 1024

    /// Creates a layer, with its buffers in `memory`.
    init(
        weight: ParameterLayout.Entry, bias: ParameterLayout.Entry, batchSize: Int, rectified: Bool, training: Bool,
        serving: ServingPrecision?, memory: ComputeMemory
    ) {
        outputs = weight.shape[0]
        inputs = weight.fanIn
        self.batchSize = batchSize
        self.rectified = rectified
        weightOffset = weight.offset
        biasOffset = bias.offset
        activation = memory.floats(batchSize * outputs)
        gradient = training ? memory.floats(batchSize * outputs) : nil
        if let serving, !training, batchSize == 1, outputs >= Self.few {
            strategy = .served(
                ServedWeights(
                    inputs: inputs, outputs: outputs, rectified: rectified, precision: serving, memory: memory))
        } else if outputs < Self.few || batchSize == 1 {
            strategy = .loops
        } else if batchSize >= Self.few, inputs >= Self.manyInputs {
            strategy = .transposedProduct(memory.floats(batchSize * outputs))
        } else {
            strategy = .product
        }
    }

    /// Updates the layer's copy of the parameters, if it has one.
    func use(_ slab: ParameterSlab) {
        guard case .served(let weights) = strategy else { return }
        weights.pack(weight: slab.pointer(at: weightOffset), bias: slab.pointer(at: biasOffset))
    }

    func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) throws(NetworkError) {
        let weight = slab.pointer(at: weightOffset)
        let bias = slab.pointer(at: biasOffset)
        switch strategy {
        case .served(let weights): weights.forward(x, into: activation)
        case .loops: kernels_dense(activation, weight, bias, x, batchSize, outputs, inputs, rectified ? 1 : 0)
        case .product:
            try check(
                onednn_sgemm(0, 1, batchSize, outputs, inputs, x, inputs, weight, inputs, 0, activation, outputs),
                "a dense layer")
            kernels_add_bias(activation, bias, batchSize, outputs, rectified ? 1 : 0)
        case .transposedProduct(let transposed):
            try check(
                onednn_sgemm(0, 1, outputs, batchSize, inputs, weight, inputs, x, inputs, 0, transposed, batchSize),
                "a dense layer")
            kernels_transpose_bias(activation, transposed, bias, batchSize, outputs, rectified ? 1 : 0)
        }
    }

    /// Computes the gradients of the parameters and, unless `xGradient` is nil, of the input.
    ///
    /// - Parameter accumulating: Whether the input's gradient is added to the contents of `xGradient`.
    func backward(
        _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, accumulating: Bool, _ slab: ParameterSlab,
        into gradients: ParameterSlab
    ) throws(NetworkError) {
        guard let gradient else { preconditionFailure("backward needs a computation made for training") }
        let weight = slab.pointer(at: weightOffset)
        let weightGradient = gradients.pointer(at: weightOffset)
        let biasGradient = gradients.pointer(at: biasOffset)
        if rectified { kernels_mask(gradient, activation, batchSize * outputs) }
        kernels_sum_rows(biasGradient, gradient, batchSize, outputs)
        if outputs < Self.few {
            kernels_dense_few_backward(
                weightGradient, xGradient, gradient, weight, x, batchSize, outputs, inputs, accumulating ? 1 : 0)
            return
        }
        try check(
            onednn_sgemm(1, 0, outputs, inputs, batchSize, gradient, outputs, x, inputs, 0, weightGradient, inputs),
            "a dense layer's weight gradient")
        guard let xGradient else { return }
        try check(
            onednn_sgemm(
                0, 0, batchSize, inputs, outputs, gradient, outputs, weight, inputs, accumulating ? 1 : 0, xGradient,
                inputs),
            "a dense layer's input gradient")
    }
}
