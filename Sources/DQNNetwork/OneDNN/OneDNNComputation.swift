internal import CKernels
internal import COneDNN
internal import DQNModel

/// A network on oneDNN: convolutions first, if any, then dense layers.
final class OneDNNComputation: NetworkComputation {
    let architecture: NetworkArchitecture
    let batchSize: Int
    let outputGradient: UnsafeMutableBufferPointer<Float>

    private let inputCount: Int
    private let convolutions: ConvolutionStack?
    private let dense: [DenseLayer]
    /// Plain float input of the whole batch: the convolutions' own, or `buffers`' first.
    private let input: UnsafeMutablePointer<Float>
    /// Everything allocated here, freed in `deinit`.
    private let buffers: [UnsafeMutablePointer<Float>]
    private var parameters: ParameterSlab?

    init(_ architecture: NetworkArchitecture, batchSize: Int, training: Bool) throws(NetworkError) {
        let shapes: [[Int]]
        let layout: ParameterLayout
        do {
            shapes = try architecture.layerShapes()
            layout = try ParameterLayout(architecture)
        } catch {
            throw NetworkError(code: .invalidState, message: error.message)
        }
        if case .dueling = architecture.head {
            throw NetworkError(
                code: .invalidState, message: "A dueling head cannot be computed yet; use action values.")
        }
        precondition(batchSize >= 1, "a batch holds at least one observation")
        self.architecture = architecture
        self.batchSize = batchSize
        inputCount = architecture.input.count

        let kernels = architecture.layers.compactMap { layer -> onednn_convolution_layer? in
            guard case .convolution(let outputs, let kernel, let stride) = layer else { return nil }
            return onednn_convolution_layer(outputs: Int32(outputs), kernel: Int32(kernel), stride: Int32(stride))
        }
        // Weight and bias of each layer, in turn.
        let offsets = (0..<shapes.count).map {
            (weight: layout.entries[2 * $0].offset, bias: layout.entries[2 * $0 + 1].offset)
        }
        convolutions =
            kernels.isEmpty
            ? nil
            : try ConvolutionStack(
                input: architecture.input.shape, layers: kernels, offsets: offsets, batchSize: batchSize,
                training: training)

        var buffers: [UnsafeMutablePointer<Float>] = []
        func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: (count + 16) * 4, alignment: 64)
            let floats = memory.bindMemory(to: Float.self, capacity: count + 16)
            floats.initialize(repeating: 0, count: count + 16)
            buffers.append(floats)
            return floats
        }
        input = convolutions?.input ?? allocate(batchSize * inputCount)
        var dense: [DenseLayer] = []
        var inputs = kernels.isEmpty ? inputCount : shapes[kernels.count - 1].reduce(1, *)
        for index in kernels.count..<shapes.count {
            let outputs = shapes[index][0]
            dense.append(
                DenseLayer(
                    inputs: inputs, outputs: outputs, batchSize: batchSize, rectified: index < shapes.count - 1,
                    weightOffset: offsets[index].weight, biasOffset: offsets[index].bias,
                    activation: allocate(batchSize * outputs),
                    gradient: training ? allocate(batchSize * outputs) : nil))
            inputs = outputs
        }
        self.dense = dense
        outputGradient = UnsafeMutableBufferPointer(
            start: dense[dense.count - 1].gradient, count: training ? batchSize * inputs : 0)
        self.buffers = buffers
    }

    deinit { for buffer in buffers { UnsafeMutableRawPointer(buffer).deallocate() } }

    func use(_ parameters: ParameterSlab) throws(NetworkError) {
        self.parameters = parameters
        try convolutions?.use(parameters)
    }

    func load(_ bytes: UnsafeRawBufferPointer, row: Int, offset: Int) {
        let element = architecture.input.element
        let count = bytes.count / element.byteCount
        precondition(row < batchSize && offset + count <= inputCount, "an observation beyond the input")
        let start = input + row * inputCount + offset
        guard let source = bytes.baseAddress else { return }
        if element == .uint8 {
            kernels_scale_bytes(start, source.assumingMemoryBound(to: UInt8.self), count, 1 / 255)
        } else {
            UnsafeMutableRawPointer(start).copyMemory(from: source, byteCount: bytes.count)
        }
    }

    func forward() throws(NetworkError) -> UnsafeBufferPointer<Float> {
        guard let parameters else { preconditionFailure("use(_:) comes before forward()") }
        try convolutions?.forward()
        var x = UnsafePointer(convolutions?.output ?? input)
        for layer in dense {
            try layer.forward(x, parameters)
            x = UnsafePointer(layer.activation)
        }
        return UnsafeBufferPointer(start: x, count: batchSize * architecture.outputCount)
    }

    func backward(into gradients: ParameterSlab) throws(NetworkError) {
        guard let parameters else { preconditionFailure("use(_:) comes before backward(into:)") }
        for index in dense.indices.reversed() {
            let x =
                index > 0 ? UnsafePointer(dense[index - 1].activation) : UnsafePointer(convolutions?.output ?? input)
            let xGradient = index > 0 ? dense[index - 1].gradient : convolutions?.outputGradient
            try dense[index].backward(x, xGradient: xGradient, parameters, into: gradients)
        }
        try convolutions?.backward(into: gradients)
    }
}
