internal import COneDNN
internal import DQNModel

/// The leading convolutions of a network in oneDNN, for one batch size.
final class ConvolutionStack {
    /// The loaded observations, one after the other; owned by `handle`.
    private let observations: UnsafeMutableRawPointer
    /// The output of ``forward()``, in the canonical layout.
    let output: UnsafeMutablePointer<Float>
    /// The gradient of the output for ``backward(into:)``, in the canonical layout; for training only.
    let outputGradient: UnsafeMutablePointer<Float>?

    private let handle: OpaquePointer
    private let offsets: [(weight: Int, bias: Int)]
    // Reused for every C call, so that a pass allocates no array.
    private var weights: [UnsafePointer<Float>?]
    private var biases: [UnsafePointer<Float>?]
    private var weightGradients: [UnsafeMutablePointer<Float>?]
    private var biasGradients: [UnsafeMutablePointer<Float>?]

    /// Creates the convolutions.
    ///
    /// - Parameter offsets: The positions of each layer's weight and bias in the slab.
    init(
        input space: ObservationSpace, layers: [onednn_convolution_layer], offsets: [(weight: Int, bias: Int)],
        batchSize: Int,
        training: Bool
    ) throws(NetworkError) {
        var handle: OpaquePointer?
        var step: UnsafePointer<CChar>?
        let shape = space.shape
        var input = onednn_convolution_input(
            channels: Int32(shape[0]), rows: Int32(shape[1]), columns: Int32(shape[2]),
            bytes: space.element == .uint8 ? 1 : 0)
        let status = onednn_convolutions_create(
            &handle, &step, &input, Int32(batchSize), layers, Int32(layers.count), training ? 1 : 0)
        guard status == 0, let handle, let observations = onednn_convolutions_input(handle),
            let output = onednn_convolutions_output(handle)
        else {
            let part = step.map { String(cString: $0) } ?? "convolution"
            throw NetworkError(
                code: .computeLibrary,
                message:
                    "oneDNN cannot set up the \(part) for input \(shape) and batch \(batchSize) (status \(status))."
            )
        }
        self.handle = handle
        self.offsets = offsets
        self.observations = observations
        self.output = output
        outputGradient = training ? onednn_convolutions_output_gradient(handle) : nil
        weights = Array(repeating: nil, count: layers.count)
        biases = weights
        weightGradients = Array(repeating: nil, count: layers.count)
        biasGradients = weightGradients
    }

    deinit { onednn_convolutions_destroy(handle) }

    /// Loads bytes of an observation.
    func load(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard let source = bytes.baseAddress else { return }
        (observations + offset).copyMemory(from: source, byteCount: bytes.count)
    }

    func use(_ slab: ParameterSlab) throws(NetworkError) {
        for index in weights.indices {
            weights[index] = UnsafePointer(slab.pointer(at: offsets[index].weight))
            biases[index] = UnsafePointer(slab.pointer(at: offsets[index].bias))
        }
        try check(onednn_convolutions_set_parameters(handle, weights, biases), "packing weights")
    }

    func forward() throws(NetworkError) { try check(onednn_convolutions_forward(handle), "forward") }

    /// Returns the activations of a layer in the last forward pass; for training only.
    ///
    /// - Parameter count: Their number, for the whole batch.
    func activations(of layer: Int, count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            onednn_convolutions_copy_activations(handle, Int32(layer), buffer.baseAddress)
            initialized = count
        }
    }

    func backward(into slab: ParameterSlab) throws(NetworkError) {
        for index in weightGradients.indices {
            weightGradients[index] = slab.pointer(at: offsets[index].weight)
            biasGradients[index] = slab.pointer(at: offsets[index].bias)
        }
        try check(onednn_convolutions_backward(handle, weightGradients, biasGradients), "backward")
    }
}

/// Throws an error that names the pass, if a oneDNN status is not success.
func check(_ status: onednn_status, _ pass: String) throws(NetworkError) {
    guard status == 0 else {
        throw NetworkError(code: .computeLibrary, message: "oneDNN failed in \(pass) (status \(status)).")
    }
}
