internal import CKernels
internal import COneDNN
internal import DQNModel

/// One fully connected layer for one batch size, with or without a rectified linear unit.
///
/// Few rows or few outputs go to own loops, everything else to sgemm, on weights in the slab. Parameters that serve are
/// kept transposed.
struct DenseLayer {
    let inputs: Int
    let outputs: Int
    let batchSize: Int
    let rectified: Bool
    private let way: Way
    /// Where weight and bias start in the slab.
    let weightOffset: Int
    let biasOffset: Int
    /// Activations, `[batch, outputs]`; owned by the computation.
    let activation: UnsafeMutablePointer<Float>
    /// Gradient of the activations, same shape; training only.
    let gradient: UnsafeMutablePointer<Float>?

    /// How a forward pass is computed.
    private enum Way {
        /// A few dot products, for which sgemm's set-up would cost more.
        case loops
        /// One row, of inputs of which many are zero.
        case served(ServedWeights)
        /// x Wᵀ.
        case product
        /// (W xᵀ)ᵀ: sgemm would copy the whole of a large Wᵀ first, which takes longer than multiplying by a batch. The
        /// memory is for the transposed activations.
        case transposedProduct(UnsafeMutablePointer<Float>)
    }

    /// Below this many outputs own loops are quicker; below as many rows sgemm copies nothing.
    private static let few = 16
    /// From this many inputs on copying weights costs more than transposing activations.
    private static let manyInputs = 1024

    /// A layer of the given parameters; its buffers are `memory`'s.
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
            way = .served(
                ServedWeights(
                    inputs: inputs, outputs: outputs, rectified: rectified, precision: serving, memory: memory))
        } else if outputs < Self.few || batchSize == 1 {
            way = .loops
        } else if batchSize >= Self.few, inputs >= Self.manyInputs {
            way = .transposedProduct(memory.floats(batchSize * outputs))
        } else {
            way = .product
        }
    }

    /// Refreshes the private copy of the parameters, if there is one.
    func use(_ slab: ParameterSlab) {
        guard case .served(let weights) = way else { return }
        weights.pack(weight: slab.pointer(at: weightOffset), bias: slab.pointer(at: biasOffset))
    }

    func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) throws(NetworkError) {
        let weight = slab.pointer(at: weightOffset)
        let bias = slab.pointer(at: biasOffset)
        switch way {
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

    /// Gives the parameters' gradients and, unless `xGradient` is nil, the input's, added to what is there if
    /// `accumulating`.
    func backward(
        _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, accumulating: Bool, _ slab: ParameterSlab,
        into gradients: ParameterSlab
    ) throws(NetworkError) {
        guard let gradient else { preconditionFailure("backward on a computation made without training") }
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
