internal import CKernels
internal import DQNModel

/// The two streams of a dueling network and their combination, for one batch size (Wang 2016, equation 9).
struct DuelingHead {
    /// The layers from the trunk to V or A: a hidden layer, if the network has dense hidden layers, and a linear layer.
    struct Stream {
        let hidden: DenseLayer?
        let output: DenseLayer

        func use(_ slab: ParameterSlab) {
            hidden?.use(slab)
            output.use(slab)
        }

        func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) throws(NetworkError) {
            try hidden?.forward(x, slab)
            try output.forward(hidden.map { UnsafePointer($0.activation) } ?? x, slab)
        }

        func backward(
            _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, accumulating: Bool,
            _ slab: ParameterSlab, into gradients: ParameterSlab
        ) throws(NetworkError) {
            guard let hidden else {
                try output.backward(x, xGradient: xGradient, accumulating: accumulating, slab, into: gradients)
                return
            }
            try output.backward(
                UnsafePointer(hidden.activation), xGradient: hidden.gradient, accumulating: false, slab,
                into: gradients)
            try hidden.backward(x, xGradient: xGradient, accumulating: accumulating, slab, into: gradients)
        }
    }

    let value: Stream
    let advantage: Stream
    /// The Q-values, `[batch, actions]`; owned by the computation.
    let actionValues: UnsafeMutablePointer<Float>
    /// The gradient of the Q-values, of the same shape; for training only.
    let gradient: UnsafeMutablePointer<Float>?

    func use(_ slab: ParameterSlab) {
        value.use(slab)
        advantage.use(slab)
    }

    func forward(_ x: UnsafePointer<Float>, _ slab: ParameterSlab) throws(NetworkError) {
        try value.forward(x, slab)
        try advantage.forward(x, slab)
        kernels_dueling(
            actionValues, value.output.activation, advantage.output.activation, advantage.output.batchSize,
            advantage.output.outputs)
    }

    /// Computes the gradients of the streams' parameters and, unless `xGradient` is nil, of the trunk's output: the sum
    /// of both streams.
    func backward(
        _ x: UnsafePointer<Float>, xGradient: UnsafeMutablePointer<Float>?, _ slab: ParameterSlab,
        into gradients: ParameterSlab
    ) throws(NetworkError) {
        guard let gradient, let valueGradient = value.output.gradient,
            let advantageGradient = advantage.output.gradient
        else { preconditionFailure("backward needs a computation made for training") }
        kernels_dueling_backward(
            valueGradient, advantageGradient, gradient, advantage.output.batchSize, advantage.output.outputs)
        try value.backward(x, xGradient: xGradient, accumulating: false, slab, into: gradients)
        try advantage.backward(x, xGradient: xGradient, accumulating: true, slab, into: gradients)
    }
}
