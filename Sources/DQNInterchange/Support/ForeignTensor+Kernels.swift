extension ForeignTensor {
    /// Returns the elements of a kernel `[inputs, outputs]` or `[rows, columns, inputs, outputs]`, as Keras and Flax have
    /// them, with the outputs first and the inputs behind them, as this library and PyTorch do.
    static func outputsFirst<Number>(_ values: [Number], _ shape: [Int]) -> [Number] {
        guard shape.count > 1, !values.isEmpty else { return values }
        let (inputs, outputs) = (shape[shape.count - 2], shape[shape.count - 1])
        let area = values.count / outputs / inputs
        var result: [Number] = []
        result.reserveCapacity(values.count)
        for output in 0..<outputs {
            for input in 0..<inputs {
                for place in 0..<area { result.append(values[(place * inputs + input) * outputs + output]) }
            }
        }
        return result
    }
}
