internal import CKernels
internal import COneDNN
internal import DQNModel

/// One fully connected layer and its activation function, for one batch size.
///
/// The tables of `Choices.c` choose: a few rows or outputs are computed by loops of `CKernels`, 16 to 64 rows with AVX-512
/// by its tiles, gradients of smaller layers by its products, and everything else by oneDNN's sgemm, on the weights in the
/// slab. For inference with constant parameters the layer keeps a transposed copy of them.
struct DenseLayer {
    let inputs: Int
    let outputs: Int
    let batchSize: Int
    private let function: kernels_activation
    private let strategy: Strategy
    /// Whether `CKernels` computes the gradient of the input.
    private let hasOwnInputGradient: Bool
    /// The positions of weight and bias in the slab.
    let weightOffset: Int
    let biasOffset: Int
    /// The activations, `[batch, outputs]`; owned by the computation.
    let activation: UnsafeMutablePointer<Float>
    /// What the activation function is computed from: `activation` itself, unless the backward pass needs both.
    private let weighted: UnsafeMutablePointer<Float>
    /// The gradient of the activations, of the same shape; for training only.
    let gradient: UnsafeMutablePointer<Float>?

    /// How a forward pass is computed; see `onednn_dense_method`.
    private enum Strategy {
        case loops, tiles
        case served(ServedWeights)
        case product
        /// The memory holds the transposed activations.
        case transposedProduct(UnsafeMutablePointer<Float>)
    }

    /// With fewer outputs, loops compute the gradients.
    static let few = 16

    /// Creates a layer, with its buffers in `memory` and `rows`.
    init(
        weight: ParameterLayout.Entry, bias: ParameterLayout.Entry, activation: NetworkArchitecture.Activation,
        batchSize: Int, training: Bool, serving: ServingPrecision?, memory: ComputeMemory, rows: RowMemory
    ) {
        outputs = weight.shape[0]
        inputs = weight.fanIn
        self.batchSize = batchSize
        function = activation.kernel
        weightOffset = weight.offset
        biasOffset = bias.offset
        let activations = rows.floats(outputs)
        self.activation = activations
        weighted = training && activation.keepsArgument ? memory.floats(batchSize * outputs) : activations
        gradient = training ? rows.floats(outputs) : nil
        let constant = serving != nil && !training
        let set = kernels_chosen_set()
        hasOwnInputGradient = onednn_dense_input_gradient_is_own(batchSize, inputs, outputs, set) != 0
        switch onednn_dense_forward(batchSize, inputs, outputs, constant ? 1 : 0, set) {
        case ONEDNN_DENSE_SERVED:
            strategy = .served(
                ServedWeights(
                    inputs: inputs, outputs: outputs, rectified: activation == .relu, precision: serving ?? .full,
                    memory: memory))
        case ONEDNN_DENSE_LOOPS: strategy = .loops
        case ONEDNN_DENSE_TILES: strategy = .tiles
        case ONEDNN_DENSE_TRANSPOSED: strategy = .transposedProduct(memory.floats(batchSize * outputs))
        default: strategy = .product
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
        // Every strategy applies the rectified linear unit itself.
        let rectified: Int32 = function == KERNELS_RELU ? 1 : 0
        switch strategy {
        case .served(let weights): weights.forward(x, into: weighted)
        case .loops: kernels_dense(weighted, weight, bias, x, batchSize, outputs, inputs, rectified)
        case .tiles: kernels_dense_rows(weighted, weight, bias, x, batchSize, outputs, inputs, rectified)
        case .product:
            try check(
                onednn_sgemm(0, 1, batchSize, outputs, inputs, x, inputs, weight, inputs, 0, weighted, outputs),
                "a dense layer")
            kernels_add_bias(weighted, bias, batchSize, outputs, rectified)
        case .transposedProduct(let transposed):
            try check(
                onednn_sgemm(0, 1, outputs, batchSize, inputs, weight, inputs, x, inputs, 0, transposed, batchSize),
                "a dense layer")
            kernels_transpose_bias(weighted, transposed, bias, batchSize, outputs, rectified)
        }
        if function != KERNELS_RELU && function != KERNELS_IDENTITY {
            kernels_activate(activation, weighted, batchSize * outputs, function)
        }
    }

    /// Computes the gradients of the parameters, if `scope` has them, and, unless `xGradient` is nil, of the input.
    ///
    /// - Parameter accumulating: Whether the input's gradient is added to the contents of `xGradient`.
    func backward(
        _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, accumulating: Bool, _ slab: ParameterSlab,
        into gradients: ParameterSlab, _ scope: BackwardScope
    ) throws(NetworkError) {
        guard let gradient else { preconditionFailure("backward needs a computation made for training") }
        function.pullBack(gradient, activation, weighted, count: batchSize * outputs)
        if scope == .everything {
            try DenseGradient(self, x: x, batchSize: batchSize)?.compute(0..<outputs, into: gradients)
        }
        guard let xGradient else { return }
        let weight = slab.pointer(at: weightOffset)
        if outputs < Self.few {
            kernels_dense_few_backward(
                nil, xGradient, gradient, weight, x, batchSize, outputs, inputs, accumulating ? 1 : 0)
        } else if hasOwnInputGradient {
            kernels_dense_input_gradient(
                xGradient, gradient, weight, batchSize, outputs, inputs, accumulating ? 1 : 0)
        } else {
            try check(
                onednn_sgemm(
                    0, 0, batchSize, inputs, outputs, gradient, outputs, weight, inputs, accumulating ? 1 : 0,
                    xGradient, inputs),
                "a dense layer's input gradient")
        }
    }
}
