internal import DQNModel

extension ForeignModule {
    /// The weights with the outputs first, and the biases, as this library has them. Several tensors are multiplied in
    /// binary64 and rounded once.
    ///
    /// - Parameter areChannelsLast: Whether a dense layer takes pictures with their channels last.
    func values(areChannelsLast: Bool) -> (weight: [Float], bias: [Float]?) {
        guard !factors.isEmpty || !normalizations.isEmpty else {
            return (outputsFirst(weight?.floats ?? []), bias?.floats)
        }
        var weights = outputsFirst(normalized(weight?.doubles ?? []))
        var biases = bias?.doubles
        for normalization in normalizations {
            var sums = biases ?? [Double](repeating: 0, count: shape[0])
            let (scale, shift) = normalization.values()
            if normalization.isBefore {
                fold(scale, shift, into: &weights, &sums, areChannelsLast && shape.count == 2)
            } else {
                let width = weights.count / shape[0]
                for row in sums.indices {
                    for place in (row * width)..<((row + 1) * width) { weights[place] *= scale[row] }
                    sums[row] = sums[row] * scale[row] + shift[row]
                }
            }
            biases = sums
        }
        return (weights.map { Float($0) }, biases.map { $0.map { Float($0) } })
    }

    /// Multiplies the inputs of the layer, and adds what their shift gives.
    private func fold(
        _ scale: [Double], _ shift: [Double], into weights: inout [Double], _ sums: inout [Double],
        _ isFeatureLast: Bool
    ) {
        let width = weights.count / shape[0]
        // Elements of one feature follow one another: those of a kernel, or of a flattened picture with channels first.
        let size = width / scale.count
        for row in sums.indices {
            for element in 0..<width {
                let (place, feature) = (
                    row * width + element, isFeatureLast ? element % scale.count : element / size
                )
                sums[row] += weights[place] * shift[feature]
                weights[place] *= scale[feature]
            }
        }
    }

    /// The weights of a spectral or a weight normalisation.
    private func normalized(_ values: [Double]) -> [Double] {
        guard let rows = weight?.shape.first, rows > 0 else { return values }
        let width = values.count / rows
        func row(_ index: Int) -> ArraySlice<Double> { values[(index * width)..<((index + 1) * width)] }
        if let left = factors["left"]?.doubles, let right = factors["right"]?.doubles, left.count == rows,
            right.count == width
        {
            let norm = (0..<rows).reduce(0.0) { $0 + left[$1] * zip(row($1), right).reduce(0) { $0 + $1.0 * $1.1 } }
            return values.map { $0 / norm }
        }
        if let magnitude = factors["magnitude"]?.doubles, magnitude.count == rows || magnitude.count == 1 {
            let isWhole = magnitude.count == 1 && rows != 1
            let all = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return (0..<rows).flatMap { index in
                let norm = isWhole ? all : row(index).reduce(0) { $0 + $1 * $1 }.squareRoot()
                return row(index).map { $0 * magnitude[isWhole ? 0 : index] / norm }
            }
        }
        return values
    }

    private func outputsFirst<Number>(_ values: [Number]) -> [Number] {
        guard order == .outputsLast, let stored = weight?.shape else { return values }
        return ForeignTensor.outputsFirst(values, stored)
    }
}
