internal import CKernels
internal import COneDNN
internal import DQNModel

/// The leading convolutions of a network in oneDNN, for one batch size.
final class ConvolutionStack {
    /// Input, `[batch, rows, columns, channels]` of squares of pixels.
    private let input: UnsafeMutablePointer<Float>
    private let fold: kernels_fold
    /// Numbers of one observation: folded, and one channel of it as it comes.
    private let foldedCount: Int
    private let planeCount: Int
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
        input shape: [Int], layers: [onednn_convolution_layer], offsets: [(weight: Int, bias: Int)], batchSize: Int,
        training: Bool
    ) throws(NetworkError) {
        var handle: OpaquePointer?
        var step: UnsafePointer<CChar>?
        let status = onednn_convolutions_create(
            &handle, &step, Int32(batchSize), Int32(shape[0]), Int32(shape[1]), Int32(shape[2]), layers,
            Int32(layers.count), training ? 1 : 0)
        guard status == 0, let handle, let output = onednn_convolutions_output(handle)
        else {
            let part = step.map { String(cString: $0) } ?? "convolution"
            throw NetworkError(
                code: .computeLibrary,
                message:
                    "oneDNN cannot set up the \(part) for input \(shape) and batch \(batchSize) (status \(status)).")
        }
        self.handle = handle
        self.offsets = offsets
        let folded = onednn_convolutions_input(handle)
        input = folded.data
        fold = kernels_fold(
            side: Int(folded.side), rows: Int(folded.rows), columns: Int(folded.columns),
            channels: Int(folded.channels), source_rows: shape[1], source_columns: shape[2])
        foldedCount = fold.rows * fold.columns * fold.channels
        planeCount = shape[1] * shape[2]
        self.output = output
        outputGradient = training ? onednn_convolutions_output_gradient(handle) : nil
        weights = Array(repeating: nil, count: layers.count)
        biases = weights
        weightGradients = Array(repeating: nil, count: layers.count)
        biasGradients = weightGradients
    }

    deinit { onednn_convolutions_destroy(handle) }

    /// Puts whole channels of an observation into the input.
    ///
    /// - Parameter offset: the first element within the observation, a channel's first.
    func load(_ bytes: UnsafeRawBufferPointer, of element: ElementType, row: Int, offset: Int) {
        let count = bytes.count / element.byteCount
        precondition(offset % planeCount == 0 && count % planeCount == 0, "pixels are loaded by whole channels")
        guard let source = bytes.baseAddress else { return }
        let start = input + row * foldedCount
        withUnsafePointer(to: fold) { fold in
            if element == .uint8 {
                kernels_fold_bytes(
                    start, source.assumingMemoryBound(to: UInt8.self), fold, offset / planeCount, count / planeCount,
                    1 / 255)
            } else {
                kernels_fold_floats(
                    start, source.assumingMemoryBound(to: Float.self), fold, offset / planeCount, count / planeCount)
            }
        }
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
