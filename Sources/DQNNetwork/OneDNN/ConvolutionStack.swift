internal import CKernels
internal import COneDNN
internal import DQNModel

/// The leading convolutions, layer normalisations and poolings of a network on images, for one batch size.
final class ConvolutionStack {
    /// The loaded observations, one after the other; owned by `handle`.
    private let observations: UnsafeMutableRawPointer
    /// The output of ``forward()``, in the canonical layout.
    let output: UnsafeMutablePointer<Float>
    /// The gradient of the output for ``backward(into:)``, in the canonical layout; for training only.
    let outputGradient: UnsafeMutablePointer<Float>?

    private let handle: OpaquePointer
    /// Called before each block of a large batch.
    private let isCut: (@convention(c) () -> Int32)?
    private let offsets: [(weight: Int, bias: Int)?]
    // Reused for every C call, so that a pass allocates no array.
    private var weights: [UnsafePointer<Float>?]
    private var biases: [UnsafePointer<Float>?]
    private var weightGradients: [UnsafeMutablePointer<Float>?]
    private var biasGradients: [UnsafeMutablePointer<Float>?]

    /// Creates the layers.
    ///
    /// - Parameters:
    ///   - offsets: The positions of each layer's weight and bias in the slab; `nil` for a pooling.
    ///   - output: Where the output goes, for training; `nil` if not training.
    init(
        input space: ObservationSpace, scaling: InputScaling, layers: [onednn_layer],
        offsets: [(weight: Int, bias: Int)?], batchSize: Int, output: UnsafeMutablePointer<Float>?
    ) throws(NetworkError) {
        var handle: OpaquePointer?
        var step: UnsafePointer<CChar>?
        let shape = space.shape
        var input = onednn_convolution_input(
            channels: Int32(shape[0]), rows: Int32(shape[1]), columns: Int32(shape[2]),
            bytes: space.element == .uint8 ? 1 : 0, offset: scaling.offset, scale: scaling.scale,
            offsets: scaling.each?.offsets, scales: scaling.each?.scales)
        let status = onednn_convolutions_create(
            &handle, &step, &input, Int32(batchSize), layers, Int32(layers.count), output == nil ? 0 : 1)
        guard status == 0, let handle, let observations = onednn_convolutions_input(handle),
            let ownOutput = onednn_convolutions_output(handle)
        else {
            let part = step.map { String(cString: $0) } ?? "convolution"
            throw NetworkError(
                code: .computeLibrary,
                message:
                    "oneDNN cannot set up the \(part) for input \(shape) and batch \(batchSize) (status \(status))."
            )
        }
        self.handle = handle
        if NetworkPulse.isWanted(batchSize) { isCut = updateIsCut } else { isCut = nil }
        self.offsets = offsets
        self.observations = observations
        self.output = output ?? ownOutput
        outputGradient = output == nil ? nil : onednn_convolutions_output_gradient(handle)
        weights = Array(repeating: nil, count: layers.count)
        biases = weights
        weightGradients = Array(repeating: nil, count: layers.count)
        biasGradients = weightGradients
        if let output { try check(onednn_convolutions_set_output(handle, output), "setting up the output") }
    }

    deinit { onednn_convolutions_destroy(handle) }

    /// Loads bytes of an observation.
    func load(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard let source = bytes.baseAddress else { return }
        (observations + offset).copyMemory(from: source, byteCount: bytes.count)
    }

    func use(_ slab: ParameterSlab) throws(NetworkError) {
        for index in weights.indices {
            guard let offset = offsets[index] else { continue }
            weights[index] = UnsafePointer(slab.pointer(at: offset.weight))
            biases[index] = UnsafePointer(slab.pointer(at: offset.bias))
        }
        try check(onednn_convolutions_set_parameters(handle, weights, biases), "packing weights")
    }

    func forward() throws(NetworkError) { try check(onednn_convolutions_forward(handle, isCut), "forward") }

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
            guard let offset = offsets[index] else { continue }
            weightGradients[index] = slab.pointer(at: offset.weight)
            biasGradients[index] = slab.pointer(at: offset.bias)
        }
        try check(onednn_convolutions_backward(handle, weightGradients, biasGradients, isCut), "backward")
    }
}

extension NetworkArchitecture {
    /// The number of leading layers that a ``ConvolutionStack`` computes: all before the first dense layer, if one of
    /// them is a convolution or a pooling.
    var stackedLayers: Int {
        let leading = layers.prefix { layer in
            if case .dense = layer.kind { return false }
            return true
        }
        let hasImages = leading.contains { layer in
            if case .layerNorm = layer.kind { return false }
            return true
        }
        return hasImages ? leading.count : 0
    }
}

extension onednn_layer {
    /// Describes a layer of images.
    init(_ layer: NetworkArchitecture.Layer) {
        self.init()
        activation = Int32(layer.activation.kernel.rawValue)
        switch layer.kind {
        case .convolution(let sizes):
            kind = ONEDNN_CONVOLUTION
            outputs = Int32(sizes.outputs)
            setSizes(sizes.kernel, sizes.stride, sizes.padding)
        case .maxPooling(let sizes):
            kind = ONEDNN_MAX_POOLING
            setSizes(sizes.kernel, sizes.stride, sizes.padding)
        case .averagePooling(let sizes):
            kind = ONEDNN_AVERAGE_POOLING
            setSizes(sizes.kernel, sizes.stride, sizes.padding)
        case .layerNorm, .dense: kind = ONEDNN_NORM
        }
    }

    private mutating func setSizes(
        _ kernel: NetworkArchitecture.Extent, _ stride: NetworkArchitecture.Extent,
        _ padding: NetworkArchitecture.Extent
    ) {
        (kernel_rows, kernel_columns) = (Int32(kernel.rows), Int32(kernel.columns))
        (stride_rows, stride_columns) = (Int32(stride.rows), Int32(stride.columns))
        (padding_rows, padding_columns) = (Int32(padding.rows), Int32(padding.columns))
    }
}

/// Gives a sign of progress within a pass; returns 1 if the update is to be cut short.
private func updateIsCut() -> Int32 { NetworkPulse.isCut() ? 1 : 0 }

/// Throws an error that names the pass, if a oneDNN status is not success.
func check(_ status: onednn_status, _ pass: String) throws(NetworkError) {
    guard status == 0 else {
        if status == onednn_cut { throw NetworkPulse.cut }
        throw NetworkError(code: .computeLibrary, message: "oneDNN failed in \(pass) (status \(status)).")
    }
}
