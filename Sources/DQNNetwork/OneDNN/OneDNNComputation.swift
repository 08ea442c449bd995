internal import COneDNN
internal import DQNModel

/// A network on oneDNN: layers of images, if any, then layers of vectors and the head.
final class OneDNNComputation: NetworkComputation {
    let architecture: NetworkArchitecture
    let batchSize: Int
    let outputGradient: UnsafeMutableBufferPointer<Float>

    private let inputCount: Int
    private let training: Bool
    private let convolutions: ConvolutionStack?
    /// The hidden layers of vectors that the whole head shares.
    private let chain: FlatChain
    private let head: NetworkHead
    private let scaling: InputScaling
    /// The input of the whole batch as floats; empty if there are convolutions, which have their own.
    private let input: UnsafeMutablePointer<Float>
    private let memory = ComputeMemory()
    private let rows: RowMemory
    private var parameters: ParameterSlab?

    /// Creates a computation.
    ///
    /// - Parameter rows: Its part of a batch that other computations share; `nil` makes one of its own.
    init(
        _ architecture: NetworkArchitecture, batchSize: Int, training: Bool, serving: ServingPrecision? = nil,
        rows: RowMemory? = nil
    ) throws(NetworkError) {
        let layout: ParameterLayout
        let shapes: [[Int]]
        do {
            layout = try ParameterLayout(architecture)
            shapes = try architecture.layerShapes()
        } catch {
            throw NetworkError(code: .invalidState, message: error.message)
        }
        self.architecture = architecture
        self.batchSize = batchSize
        self.training = training
        let rows = rows ?? RowMemory(BatchMemory(batchSize: batchSize), rows: 0..<batchSize)
        self.rows = rows
        inputCount = architecture.input.count
        scaling = InputScaling(architecture, memory: memory)
        let stacked = architecture.stackedLayers
        convolutions =
            stacked == 0
            ? nil
            : try ConvolutionStack(
                input: architecture.input, scaling: scaling,
                layers: architecture.layers.prefix(stacked).map { onednn_layer($0) },
                offsets: (0..<stacked).map { index in
                    guard let weight = layout["layers/\(index)/weight"], let bias = layout["layers/\(index)/bias"]
                    else { return nil }
                    return (weight.offset, bias.offset)
                }, batchSize: batchSize,
                output: training ? rows.floats(shapes[stacked - 1].reduce(1, *)) : nil)
        input = stacked == 0 ? rows.floats(inputCount) : memory.floats(0)
        let make = FlatLayer.Maker(
            layout: layout, batchSize: batchSize, training: training, serving: serving, memory: memory, rows: rows)
        var layers: [FlatLayer] = []
        for index in stacked..<architecture.trunk.count {
            layers.append(try make.layer("layers/\(index)", architecture.layers[index]))
        }
        chain = FlatChain(layers: layers, givesSigns: NetworkPulse.isWanted(batchSize))
        head = try NetworkHead(of: architecture, make)
        outputGradient = UnsafeMutableBufferPointer(
            start: head.gradient, count: training ? batchSize * architecture.outputCount : 0)
    }

    func use(_ parameters: ParameterSlab) throws(NetworkError) {
        self.parameters = parameters
        try convolutions?.use(parameters)
        chain.use(parameters)
        head.use(parameters)
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
        scaling.apply(bytes, of: element, first: offset, to: input + row * inputCount + offset)
    }

    /// The gradients of the dense layers' parameters, for a batch of which this computation has the first rows.
    func denseGradients(batchSize: Int) -> [DenseGradient] {
        let trunk = chain.layers.last.map { UnsafePointer($0.activation) } ?? firstInput
        return chain.denseGradients(firstInput, batchSize: batchSize)
            + head.streams.flatMap { $0.denseGradients(trunk, batchSize: batchSize) }
    }

    func forward() throws(NetworkError) -> UnsafeBufferPointer<Float> {
        guard let parameters else { preconditionFailure("call use(_:) before forward()") }
        try convolutions?.forward()
        try head.forward(try chain.forward(firstInput, parameters), parameters)
        return UnsafeBufferPointer(start: head.outputs, count: batchSize * architecture.outputCount)
    }

    func backward(into gradients: ParameterSlab) throws(NetworkError) {
        try backward(into: gradients, .everything)
    }

    func backward(into gradients: ParameterSlab, _ scope: BackwardScope) throws(NetworkError) {
        guard let parameters else { preconditionFailure("call use(_:) before backward(into:)") }
        let last = chain.layers.last
        // The gradient of the network's input is not computed.
        let inputGradient = convolutions?.outputGradient
        try head.backward(
            last.map { UnsafePointer($0.activation) } ?? firstInput,
            xGradient: last == nil ? inputGradient : last?.gradient, parameters, into: gradients, scope)
        try chain.backward(
            firstInput, xGradient: inputGradient, accumulating: false, parameters, into: gradients, scope)
        try convolutions?.backward(into: gradients)
    }

    /// The input of the first layer of vectors.
    private var firstInput: UnsafePointer<Float> { UnsafePointer(convolutions?.output ?? input) }
}

extension OneDNNComputation: HiddenOutputSource {
    func hiddenOutputs() -> [HiddenOutputs]? {
        // Without training, convolutions keep the activations of one block only.
        guard training, let shapes = try? architecture.layerShapes() else { return nil }
        var hidden: [HiddenOutputs] = []
        let stacked = architecture.stackedLayers
        for index in 0..<stacked {
            guard let convolutions else { break }
            let shape = shapes[index]
            hidden.append(
                HiddenOutputs(
                    name: "layers/\(index)", layer: architecture.layers[index], units: shape[0],
                    positions: shape.dropFirst().reduce(1, *),
                    values: convolutions.activations(of: index, count: batchSize * shape.reduce(1, *))))
        }
        func append(_ name: String, _ layer: NetworkArchitecture.Layer, _ flat: FlatLayer, positions: Int = 1) {
            let values = UnsafeBufferPointer(start: flat.activation, count: batchSize * flat.outputs)
            hidden.append(
                HiddenOutputs(
                    name: name, layer: layer, units: flat.outputs / positions, positions: positions,
                    values: Array(values)))
        }
        for index in stacked..<architecture.trunk.count {
            let positions = shapes[index].count == 3 ? shapes[index][1] * shapes[index][2] : 1
            append(
                "layers/\(index)", architecture.layers[index], chain.layers[index - stacked], positions: positions)
        }
        for (stream, flat) in zip(architecture.streams, head.streams) {
            for (item, layer) in zip(stream.hidden, flat.layers) { append(item.name, item.layer, layer) }
        }
        return hidden
    }
}
