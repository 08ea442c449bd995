internal import DQNModel

/// A layer of vectors.
enum FlatLayer {
    case dense(DenseLayer)
    case norm(NormLayer)

    /// The activations, `[batch, outputs]`; owned by the computation.
    var activation: UnsafeMutablePointer<Float> {
        switch self {
        case .dense(let layer): layer.activation
        case .norm(let layer): layer.activation
        }
    }

    /// The gradient of the activations, of the same shape; for training only.
    var gradient: UnsafeMutablePointer<Float>? {
        switch self {
        case .dense(let layer): layer.gradient
        case .norm(let layer): layer.gradient
        }
    }

    /// The number of activations of one observation.
    var outputs: Int {
        switch self {
        case .dense(let layer): layer.outputs
        case .norm(let layer): layer.count
        }
    }

    /// Updates the layer's copy of the parameters, if it has one.
    func use(_ slab: ParameterSlab) {
        if case .dense(let layer) = self { layer.use(slab) }
    }

    func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) throws(NetworkError) {
        switch self {
        case .dense(let layer): try layer.forward(x, slab)
        case .norm(let layer): layer.forward(x, slab)
        }
    }

    /// Computes the gradients of the parameters that `scope` has and, unless `xGradient` is nil, of the input.
    ///
    /// - Parameter accumulating: Whether the input's gradient is added to the contents of `xGradient`.
    func backward(
        _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, accumulating: Bool, _ slab: ParameterSlab,
        into gradients: ParameterSlab, _ scope: BackwardScope
    ) throws(NetworkError) {
        switch self {
        case .dense(let layer):
            try layer.backward(x, xGradient: xGradient, accumulating: accumulating, slab, into: gradients, scope)
        case .norm(let layer):
            layer.backward(x, xGradient: xGradient, accumulating: accumulating, slab, into: gradients)
        }
    }
}

/// Layers of vectors, each on the output of the one before.
struct FlatChain {
    let layers: [FlatLayer]
    /// Whether the batch is so large that a pass gives signs of progress between its layers.
    let givesSigns: Bool

    func use(_ slab: ParameterSlab) {
        for index in layers.indices { layers[index].use(slab) }
    }

    /// Computes the layers and returns the output of the last one; without layers, the input.
    func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) throws(NetworkError) -> UnsafePointer<Float> {
        for index in layers.indices {
            if givesSigns { try NetworkPulse.beat() }
            try layers[index].forward(input(of: index, x), slab)
        }
        return input(of: layers.count, x)
    }

    /// Computes the gradients of the parameters that `scope` has and, unless `xGradient` is nil, of the input `x`.
    ///
    /// - Parameter accumulating: Whether the input's gradient is added to the contents of `xGradient`.
    func backward(
        _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, accumulating: Bool, _ slab: ParameterSlab,
        into gradients: ParameterSlab, _ scope: BackwardScope
    ) throws(NetworkError) {
        for index in layers.indices.reversed() {
            if givesSigns { try NetworkPulse.beat() }
            try layers[index].backward(
                input(of: index, x), xGradient: index > 0 ? layers[index - 1].gradient : xGradient,
                accumulating: index > 0 ? false : accumulating, slab, into: gradients, scope)
        }
    }

    /// The gradients of the dense layers' parameters.
    ///
    /// - Parameters:
    ///   - x: The input of the first layer.
    ///   - batchSize: See ``DenseGradient/init(_:x:batchSize:)``.
    func denseGradients(_ x: UnsafePointer<Float>, batchSize: Int) -> [DenseGradient] {
        layers.indices.compactMap { index in
            guard case .dense(let layer) = layers[index] else { return nil }
            return DenseGradient(layer, x: input(of: index, x), batchSize: batchSize)
        }
    }

    private func input(of index: Int, _ x: UnsafePointer<Float>) -> UnsafePointer<Float> {
        index > 0 ? UnsafePointer(layers[index - 1].activation) : x
    }
}

extension FlatLayer {
    /// What a layer is made with, apart from the layer itself.
    struct Maker {
        let layout: ParameterLayout
        let batchSize: Int
        let training: Bool
        let serving: ServingPrecision?
        let memory: ComputeMemory
        let rows: RowMemory

        /// Creates the linear layer with a name and an activation function.
        func dense(_ name: String, activation: NetworkArchitecture.Activation) throws(NetworkError) -> FlatLayer {
            .dense(
                DenseLayer(
                    weight: try entry("\(name)/weight"), bias: try entry("\(name)/bias"), activation: activation,
                    batchSize: batchSize, training: training, serving: serving, memory: memory, rows: rows))
        }

        /// Creates a dense layer or a layer normalisation.
        func layer(_ name: String, _ layer: NetworkArchitecture.Layer) throws(NetworkError) -> FlatLayer {
            guard case .layerNorm = layer.kind else { return try dense(name, activation: layer.activation) }
            return .norm(
                NormLayer(
                    weight: try entry("\(name)/weight"), bias: try entry("\(name)/bias"), activation: layer.activation,
                    batchSize: batchSize, training: training, memory: memory, rows: rows))
        }

        private func entry(_ name: String) throws(NetworkError) -> ParameterLayout.Entry {
            guard let entry = layout[name] else {
                throw NetworkError(code: .invalidState, message: "The network has no parameter '\(name)'.")
            }
            return entry
        }
    }
}
