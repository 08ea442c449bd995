/// The weights of a dense layer, the outputs first.
///
/// Sums V + A without the mean of the advantages are no dueling head here. A network whose layers have the outputs of both
/// streams side by side computes the same.
struct DenseWeights {
    let weight: [Float]
    let bias: [Float]

    var outputs: Int { bias.count }
    var inputs: Int { bias.isEmpty ? 0 : weight.count / bias.count }
    /// Outputs and inputs.
    var shape: [Int] { [outputs, inputs] }

    private func row(_ output: Int) -> ArraySlice<Float> { weight[(output * inputs)..<((output + 1) * inputs)] }

    /// Returns the layers that compute V + A.
    ///
    /// - Parameters:
    ///   - value: The layers of the value's stream. The last one has one output.
    ///   - advantage: As many layers of the advantages' stream, with the same activations.
    static func summed(_ value: [DenseWeights], _ advantage: [DenseWeights]) -> [DenseWeights] {
        value.indices.map { place in
            // The first layers of both streams take the same inputs.
            place + 1 < value.count
                ? value[place].beside(advantage[place], sharesInput: place == 0)
                : value[place].added(to: advantage[place], sharesInput: place == 0)
        }
    }

    /// Returns the number of parameters of ``summed(_:_:)``, by the shapes of the layers.
    static func count(ofSumOf value: [[Int]], _ advantage: [[Int]]) -> Int {
        zip(value, advantage).enumerated().reduce(0) { sum, item in
            let (place, (first, second)) = item
            let outputs = place + 1 < value.count ? first[0] + second[0] : second[0]
            return sum + outputs * ((place == 0 ? first[1] : first[1] + second[1]) + 1)
        }
    }

    /// A layer with the outputs of this one before those of another.
    ///
    /// - Parameter sharesInput: Whether both take the same inputs, and not each its own.
    private func beside(_ other: DenseWeights, sharesInput: Bool) -> DenseWeights {
        guard !sharesInput else { return DenseWeights(weight: weight + other.weight, bias: bias + other.bias) }
        let zeros = ([Float](repeating: 0, count: other.inputs), [Float](repeating: 0, count: inputs))
        return DenseWeights(
            weight: (0..<outputs).flatMap { row($0) + zeros.0 }
                + (0..<other.outputs).flatMap { zeros.1 + other.row($0) },
            bias: bias + other.bias)
    }

    /// A layer that adds the only output of this one to each output of another.
    private func added(to other: DenseWeights, sharesInput: Bool) -> DenseWeights {
        DenseWeights(
            weight: (0..<other.outputs).flatMap { output in
                sharesInput ? zip(weight, other.row(output)).map { $0 + $1 } : weight + other.row(output)
            }, bias: other.bias.map { $0 + bias[0] })
    }
}
