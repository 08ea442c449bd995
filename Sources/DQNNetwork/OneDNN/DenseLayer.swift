internal import CKernels
internal import COneDNN
internal import DQNModel

/// One fully connected layer for one batch size, with or without a rectified linear unit.
///
/// Few rows or few outputs go to own loops, everything else to sgemm, on weights in the slab. Without training the
/// parameters stay for more than a pass, and larger layers keep them packed.
struct DenseLayer {
    let inputs: Int
    let outputs: Int
    let batchSize: Int
    let rectified: Bool
    /// Whether own loops compute it.
    private let isSmall: Bool
    /// Where weight and bias start in the slab.
    let weightOffset: Int
    let biasOffset: Int
    /// Activations, `[batch, outputs]`; owned by the computation.
    let activation: UnsafeMutablePointer<Float>
    /// Gradient of the activations, same shape; training only.
    let gradient: UnsafeMutablePointer<Float>?
    private let packed: PackedWeights?

    /// Below this many rows or outputs the matrix product is a few dot products, and sgemm's set-up costs more.
    private static let fewOutputs = 16

    /// A layer of the given parameters; its buffers are `memory`'s.
    init(
        weight: ParameterLayout.Entry, bias: ParameterLayout.Entry, batchSize: Int, rectified: Bool, training: Bool,
        memory: ComputeMemory
    ) throws(NetworkError) {
        outputs = weight.shape[0]
        inputs = weight.fanIn
        self.batchSize = batchSize
        self.rectified = rectified
        weightOffset = weight.offset
        biasOffset = bias.offset
        activation = memory.floats(batchSize * outputs)
        gradient = training ? memory.floats(batchSize * outputs) : nil
        let isSmall = outputs < Self.fewOutputs || batchSize == 1
        self.isSmall = isSmall
        packed =
            training || isSmall
            ? nil : try PackedWeights(rows: batchSize, inputs: inputs, outputs: outputs, rectified: rectified)
    }

    /// Refreshes the packed parameters, if there are any.
    func use(_ slab: ParameterSlab) throws(NetworkError) {
        try packed?.pack(weight: slab.pointer(at: weightOffset), bias: slab.pointer(at: biasOffset))
    }

    func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) throws(NetworkError) {
        if let packed { return try packed.forward(x, into: activation) }
        let weight = slab.pointer(at: weightOffset)
        let bias = slab.pointer(at: biasOffset)
        if isSmall {
            kernels_dense(activation, weight, bias, x, batchSize, outputs, inputs, rectified ? 1 : 0)
            return
        }
        try check(
            onednn_sgemm(0, 1, batchSize, outputs, inputs, x, inputs, weight, inputs, 0, activation, outputs),
            "a dense layer")
        kernels_add_bias(activation, bias, batchSize, outputs, rectified ? 1 : 0)
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
        if outputs < Self.fewOutputs {
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
