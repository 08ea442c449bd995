internal import COneDNN
internal import DQNModel

/// The leading convolutions of a network in oneDNN, for one batch size.
final class ConvolutionStack {
    /// Where observations wait as they came, one after the other; owned by the library's object.
    private let observations: UnsafeMutableRawPointer
    /// Plain output after ``forward()``.
    let output: UnsafeMutablePointer<Float>
    /// Plain gradient of the output, read by ``backward()``; training only.
    let outputGradient: UnsafeMutablePointer<Float>?

    private let handle: OpaquePointer
    private let offsets: [(weight: Int, bias: Int)]
    // Filled at each use and passed to C, so that no array is made per pass.
    private var weights: [UnsafePointer<Float>?]
    private var biases: [UnsafePointer<Float>?]
    private var weightGradients: [UnsafeMutablePointer<Float>?]
    private var biasGradients: [UnsafeMutablePointer<Float>?]

    /// `offsets` are those of weight and bias of each layer in the slab.
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
                    "oneDNN cannot set up the \(part) for input \(shape) and batch \(batchSize) (status \(status)).")
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

    /// Puts bytes of an observation where it waits.
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

    func backward(into slab: ParameterSlab) throws(NetworkError) {
        for index in weightGradients.indices {
            weightGradients[index] = slab.pointer(at: offsets[index].weight)
            biasGradients[index] = slab.pointer(at: offsets[index].bias)
        }
        try check(onednn_convolutions_backward(handle, weightGradients, biasGradients), "backward")
    }
}

/// Turns a oneDNN status into an error that names the pass.
func check(_ status: onednn_status, _ pass: String) throws(NetworkError) {
    guard status == 0 else {
        throw NetworkError(code: .computeLibrary, message: "oneDNN failed in \(pass) (status \(status)).")
    }
}
