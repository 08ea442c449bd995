internal import CKernels
internal import COneDNN
internal import DQNModel

/// A network on oneDNN: convolutions, if any, then dense layers.
final class OneDNNComputation: NetworkComputation {
    let architecture: NetworkArchitecture
    let batchSize: Int
    let outputGradient: UnsafeMutableBufferPointer<Float>

    private let inputCount: Int
    private let training: Bool
    private let convolutions: ConvolutionStack?
    /// The dense layers in order, including the head if it is one layer.
    private let dense: [DenseLayer]
    /// The head of a dueling network.
    private let dueling: DuelingHead?
    /// The input of the whole batch as floats; empty if there are convolutions, which have their own.
    private let input: UnsafeMutablePointer<Float>
    private let memory = ComputeMemory()
    private var parameters: ParameterSlab?

    init(
        _ architecture: NetworkArchitecture, batchSize: Int, training: Bool, serving: ServingPrecision? = nil
    ) throws(NetworkError) {
        let layout: ParameterLayout
        do { layout = try ParameterLayout(architecture) } catch {
            throw NetworkError(code: .invalidState, message: error.message)
        }
        try Self.requireSupport(of: architecture)
        self.architecture = architecture
        self.batchSize = batchSize
        self.training = training
        inputCount = architecture.input.count

        let kernels = architecture.layers.compactMap { layer -> onednn_convolution_layer? in
            guard case .convolution(let sizes) = layer.kind else { return nil }
            return onednn_convolution_layer(
                outputs: Int32(sizes.outputs), kernel: Int32(sizes.kernel.rows), stride: Int32(sizes.stride.rows))
        }
        // Weight and bias of each layer in order; the head's follow the trunk's.
        let layers = stride(from: 0, to: layout.entries.count, by: 2).map {
            (weight: layout.entries[$0], bias: layout.entries[$0 + 1])
        }
        convolutions =
            kernels.isEmpty
            ? nil
            : try ConvolutionStack(
                input: architecture.input, layers: kernels,
                offsets: layers.prefix(kernels.count).map { ($0.weight.offset, $0.bias.offset) }, batchSize: batchSize,
                training: training)
        let memory = memory
        input = memory.floats(convolutions == nil ? batchSize * inputCount : 0)
        func layer(_ index: Int, rectified: Bool) -> DenseLayer {
            DenseLayer(
                weight: layers[index].weight, bias: layers[index].bias, batchSize: batchSize, rectified: rectified,
                training: training, serving: serving, memory: memory)
        }
        let head = architecture.trunk.count
        var dense = (kernels.count..<head).map { layer($0, rectified: true) }
        if case .dueling(let actions, _) = architecture.head {
            // A stream has a hidden and a linear layer, or only a linear layer.
            let depth = architecture.streams[0].hidden.count + 1
            func stream(_ first: Int) -> DuelingHead.Stream {
                DuelingHead.Stream(
                    hidden: depth == 2 ? layer(first, rectified: true) : nil,
                    output: layer(first + depth - 1, rectified: false))
            }
            dueling = DuelingHead(
                value: stream(head), advantage: stream(head + depth),
                actionValues: memory.floats(batchSize * actions),
                gradient: training ? memory.floats(batchSize * actions) : nil)
        } else {
            dense.append(layer(head, rectified: false))
            dueling = nil
        }
        self.dense = dense
        outputGradient = UnsafeMutableBufferPointer(
            start: dueling?.gradient ?? dense.last?.gradient,
            count: training ? batchSize * architecture.outputCount : 0)
    }

    func use(_ parameters: ParameterSlab) throws(NetworkError) {
        self.parameters = parameters
        try convolutions?.use(parameters)
        for index in dense.indices { dense[index].use(parameters) }
        dueling?.use(parameters)
    }

    func load(_ bytes: UnsafeRawBufferPointer, row: Int, offset: Int) {
        let element = architecture.input.element
        let count = bytes.count / element.byteCount
        precondition(
            row >= 0 && row < batchSize && offset >= 0 && offset + count <= inputCount
                && bytes.count == count * element.byteCount, "the elements must lie within an observation of the batch")
        if let convolutions {
            return convolutions.load(bytes, at: (row * inputCount + offset) * element.byteCount)
        }
        let start = input + row * inputCount + offset
        guard let source = bytes.baseAddress else { return }
        if element == .uint8 {
            kernels_scale_bytes(start, source.assumingMemoryBound(to: UInt8.self), count, 1 / 255)
        } else {
            UnsafeMutableRawPointer(start).copyMemory(from: source, byteCount: bytes.count)
        }
    }

    func forward() throws(NetworkError) -> UnsafeBufferPointer<Float> {
        guard let parameters else { preconditionFailure("call use(_:) before forward()") }
        try convolutions?.forward()
        for index in dense.indices { try dense[index].forward(input(of: index), parameters) }
        var outputs = input(of: dense.count)
        if let dueling {
            try dueling.forward(outputs, parameters)
            outputs = UnsafePointer(dueling.actionValues)
        }
        return UnsafeBufferPointer(start: outputs, count: batchSize * architecture.outputCount)
    }

    func backward(into gradients: ParameterSlab) throws(NetworkError) {
        guard let parameters else { preconditionFailure("call use(_:) before backward(into:)") }
        try dueling?.backward(
            input(of: dense.count), xGradient: inputGradient(of: dense.count), parameters, into: gradients)
        for index in dense.indices.reversed() {
            try dense[index].backward(
                input(of: index), xGradient: inputGradient(of: index), accumulating: false, parameters,
                into: gradients)
        }
        try convolutions?.backward(into: gradients)
    }

    /// Returns the input of a dense layer; for the index after the last layer, its output.
    private func input(of index: Int) -> UnsafePointer<Float> {
        UnsafePointer(index > 0 ? dense[index - 1].activation : convolutions?.output ?? input)
    }

    /// Returns the gradient of ``input(of:)``; `nil` for the network's input, whose gradient is not computed.
    private func inputGradient(of index: Int) -> UnsafeMutablePointer<Float>? {
        index > 0 ? dense[index - 1].gradient : convolutions?.outputGradient
    }
}

extension OneDNNComputation: HiddenOutputSource {
    func hiddenOutputs() -> [HiddenOutputs]? {
        // Without training, convolutions keep the activations of one block only.
        guard training, let shapes = try? architecture.layerShapes() else { return nil }
        var hidden: [HiddenOutputs] = []
        let convolutionCount = architecture.layers.count { layer in
            if case .convolution = layer.kind { return true }
            return false
        }
        for (index, shape) in shapes.prefix(convolutionCount).enumerated() {
            guard let convolutions else { break }
            let count = batchSize * shape.reduce(1, *)
            hidden.append(
                HiddenOutputs(
                    name: "layers/\(index)", units: shape[0], positions: shape.dropFirst().reduce(1, *),
                    values: convolutions.activations(of: index, count: count)))
        }
        func append(_ name: String, _ layer: DenseLayer) {
            let values = UnsafeBufferPointer(start: layer.activation, count: batchSize * layer.outputs)
            hidden.append(HiddenOutputs(name: name, units: layer.outputs, positions: 1, values: Array(values)))
        }
        for index in convolutionCount..<architecture.trunk.count {
            append("layers/\(index)", dense[index - convolutionCount])
        }
        if let layer = dueling?.value.hidden { append("value/hidden", layer) }
        if let layer = dueling?.advantage.hidden { append("advantage/hidden", layer) }
        return hidden
    }
}
