internal import CKernels
internal import COneDNN

/// Which gradients a backward pass computes.
enum BackwardScope {
    /// Those of all parameters.
    case everything
    /// Those of all parameters but the dense layers', which ``DenseGradient`` computes afterwards.
    case withoutDenseLayers
}

/// The gradients of a dense layer's weights and biases, from its inputs and the gradients of its outputs for a batch.
struct DenseGradient {
    private let inputs, outputs, batchSize: Int
    private let weightOffset, biasOffset: Int
    /// The inputs, `[batch, inputs]`, and the gradients of the outputs before the activation function,
    /// `[batch, outputs]`; owned by the computation.
    private let x, outputGradient: UnsafePointer<Float>
    private let isOwn: Bool

    /// - Parameter batchSize: At least the layer's; more if the rows of other computations follow in the same buffers.
    /// - Returns: `nil` if the layer was not made for training.
    init?(_ layer: DenseLayer, x: UnsafePointer<Float>, batchSize: Int) {
        guard let gradient = layer.gradient else { return nil }
        inputs = layer.inputs
        outputs = layer.outputs
        self.batchSize = batchSize
        weightOffset = layer.weightOffset
        biasOffset = layer.biasOffset
        self.x = x
        outputGradient = UnsafePointer(gradient)
        isOwn = onednn_dense_weight_gradient_is_own(batchSize, inputs, outputs, kernels_chosen_set()) != 0
    }

    /// Computes the gradients of some outputs' weights and biases.
    func compute(_ range: Range<Int>, into gradients: ParameterSlab) throws(NetworkError) {
        guard !range.isEmpty else { return }
        let slopes = outputGradient + range.lowerBound
        let weights = gradients.pointer(at: weightOffset + range.lowerBound * inputs)
        kernels_sum_rows(
            gradients.pointer(at: biasOffset + range.lowerBound), slopes, outputs, batchSize, range.count)
        if outputs < DenseLayer.few {
            kernels_dense_few_backward(weights, nil, slopes, nil, x, batchSize, outputs, inputs, 0)
        } else if isOwn {
            kernels_dense_weight_gradient(weights, slopes, outputs, x, batchSize, range.count, inputs)
        } else {
            try check(
                onednn_sgemm(1, 0, range.count, inputs, batchSize, slopes, outputs, x, inputs, 0, weights, inputs),
                "a dense layer's weight gradient")
        }
    }

    /// Whether a range of the slab holds the layer's weights or its biases.
    func hasParameters(in range: Range<Int>) -> Bool {
        range.lowerBound == weightOffset || range.lowerBound == biasOffset
    }

    /// The outputs whose weights lie in a range of the slab, in groups of ``DenseLayer/few``: disjoint ranges that cover
    /// the slab give disjoint outputs that cover the layer.
    func outputs(in range: Range<Int>) -> Range<Int> { first(from: range.lowerBound)..<first(from: range.upperBound) }

    private func first(from position: Int) -> Int {
        let output = max(0, position - weightOffset) / inputs
        return output >= outputs ? outputs : output / DenseLayer.few * DenseLayer.few
    }
}
