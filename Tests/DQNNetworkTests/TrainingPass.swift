import DQNModel
import DQNNetwork

/// One forward and backward pass over some rows of a batch, to compare a batch with its rows.
struct TrainingPass {
    let outputs: [Float]
    let gradients: [Float]
    let hidden: [HiddenOutputs]?

    /// Runs the pass. The gradient of an output depends on its place in the whole batch alone.
    init(
        _ rows: Range<Int>, of observations: [[UInt8]], _ architecture: NetworkArchitecture, _ parameters: ParameterSlab
    ) throws {
        let computation = try OneDNNBackend().makeComputation(of: architecture, batchSize: rows.count, training: true)
        try computation.use(parameters)
        for row in rows {
            observations[row].withUnsafeBytes { computation.load($0, row: row - rows.lowerBound, offset: 0) }
        }
        outputs = Array(try computation.forward())
        for index in outputs.indices {
            computation.outputGradient[index] = Float((rows.lowerBound * architecture.outputCount + index) % 7) - 3
        }
        let gradients = ParameterSlab(layout: try ParameterLayout(architecture))
        try computation.backward(into: gradients)
        self.gradients = gradients.values
        hidden = computation.hiddenOutputs()
    }
}
