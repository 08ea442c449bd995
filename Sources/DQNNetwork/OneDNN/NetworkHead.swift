internal import CKernels
internal import DQNModel

/// The streams of a head and their combination, for one batch size.
struct NetworkHead {
    /// How the outputs of the streams become those of the network.
    private enum Combination {
        /// The only stream's outputs.
        case single
        /// Q = V + A − mean(A) (Wang 2016, equation 9); the streams are V and A.
        case dueling
        /// The logits, then the value of each row.
        case beside
    }

    /// The layers of each stream; the last one is linear.
    let streams: [FlatChain]
    /// The network's outputs, `[batch, outputs]`; owned by the computation.
    let outputs: UnsafeMutablePointer<Float>
    /// The gradient of the outputs, of the same shape; for training only.
    let gradient: UnsafeMutablePointer<Float>?

    private let combination: Combination
    private let batchSize: Int

    init(of architecture: NetworkArchitecture, _ make: FlatLayer.Maker) throws(NetworkError) {
        var streams: [FlatChain] = []
        for stream in architecture.streams {
            var layers: [FlatLayer] = []
            for item in stream.hidden { layers.append(try make.layer(item.name, item.layer)) }
            layers.append(try make.dense(stream.outputName, activation: .identity))
            streams.append(FlatChain(layers: layers, givesSigns: NetworkPulse.isWanted(make.batchSize)))
        }
        self.streams = streams
        batchSize = make.batchSize
        if streams.count == 1, let last = streams[0].layers.last {
            combination = .single
            outputs = last.activation
            gradient = last.gradient
            return
        }
        if case .dueling = architecture.head { combination = .dueling } else { combination = .beside }
        let count = make.batchSize * architecture.outputCount
        outputs = make.memory.floats(count)
        gradient = make.training ? make.memory.floats(count) : nil
    }

    func use(_ slab: ParameterSlab) {
        for index in streams.indices { streams[index].use(slab) }
    }

    func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) throws(NetworkError) {
        let first = try streams[0].forward(x, slab)
        guard combination != .single else { return }
        let second = try streams[1].forward(x, slab)
        if combination == .dueling {
            kernels_dueling(outputs, first, second, batchSize, width(1))
        } else {
            copy(0, first, to: 0)
            copy(1, second, to: width(0))
        }
    }

    /// Computes the gradients of the streams' parameters that `scope` has and, unless `xGradient` is nil, of the trunk's output: the sum
    /// of all streams.
    func backward(
        _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, _ slab: ParameterSlab,
        into gradients: ParameterSlab, _ scope: BackwardScope
    ) throws(NetworkError) {
        guard let gradient else { preconditionFailure("backward needs a computation made for training") }
        if combination == .dueling {
            kernels_dueling_backward(outputGradient(0), outputGradient(1), gradient, batchSize, width(1))
        } else if combination == .beside {
            divide(gradient)
        }
        for index in streams.indices {
            try streams[index].backward(x, xGradient: xGradient, accumulating: index > 0, slab, into: gradients, scope)
        }
    }

    /// Returns the number of outputs of a stream.
    private func width(_ stream: Int) -> Int { streams[stream].layers[streams[stream].layers.count - 1].outputs }

    private func outputGradient(_ stream: Int) -> UnsafeMutablePointer<Float> {
        guard let gradient = streams[stream].layers[streams[stream].layers.count - 1].gradient else {
            preconditionFailure("backward needs a computation made for training")
        }
        return gradient
    }

    /// Copies the outputs of a stream to their columns of the network's outputs.
    private func copy(_ stream: Int, _ values: UnsafePointer<Float>, to column: Int) {
        let (count, whole) = (width(stream), width(0) + width(1))
        for row in 0..<batchSize { (outputs + row * whole + column).update(from: values + row * count, count: count) }
    }

    /// Copies the gradient of the network's outputs to those of the streams.
    private func divide(_ gradient: UnsafeMutablePointer<Float>) {
        let whole = width(0) + width(1)
        var column = 0
        for stream in 0..<2 {
            let (target, count) = (outputGradient(stream), width(stream))
            for row in 0..<batchSize {
                (target + row * count).update(from: gradient + row * whole + column, count: count)
            }
            column += count
        }
    }
}
