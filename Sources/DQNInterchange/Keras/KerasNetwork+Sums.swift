internal import DQNModel

/// Sums V + A without the mean of the advantages, which some dueling networks compute.
///
/// That is no dueling head here, but a network whose layers have the outputs of both streams side by side computes the
/// same.
extension KerasNetwork {
    /// Returns the streams of a sum of one output and several, without a mean.
    static func plainSum(_ terms: [KerasTerm]) -> (value: KerasStream, advantage: KerasStream)? {
        guard terms.count == 2, terms.allSatisfy({ !$0.isMean && $0.sign == 1 }),
            let value = terms.first(where: { $0.stream.units == 1 }),
            let advantage = terms.first(where: { ($0.stream.units ?? 0) > 1 })
        else { return nil }
        return (value.stream, advantage.stream)
    }

    /// Returns the network of a sum.
    mutating func summed(_ value: KerasStream, _ advantage: KerasStream) throws(InterchangeError) -> ImportedNetwork {
        let (trunk, parts) = try streams(("value", value), ("advantage", advantage))
        let pairs = zip(parts[0].hidden, parts[1].hidden)
        guard parts[0].hidden.count == parts[1].hidden.count,
            pairs.allSatisfy({ $0.isDense && $1.isDense && $0.layer.activation == $1.layer.activation })
        else {
            throw .notRepresentable(
                "\(file) adds a value and advantages without their mean, from streams of different layers, which networks here "
                    + "cannot compute.")
        }
        var hidden = trunk
        for (index, (first, second)) in pairs.enumerated() {
            hidden.append(Self.sideBySide(first, second, sharesInput: index == 0))
        }
        var last = parts[1].last
        let (left, right) = (parts[0].last, parts[1].last)
        let (leftInputs, rightInputs) = (left.shape[1], right.shape[1])
        let sharesInput = parts[0].hidden.isEmpty
        last.weight = []
        for action in 0..<right.shape[0] {
            let row = right.weight[(action * rightInputs)..<((action + 1) * rightInputs)]
            last.weight += sharesInput ? zip(left.weight, row).map { $0 + $1 } : left.weight + row
        }
        last.bias = right.bias.map { $0 + left.bias[0] }
        last.shape = [right.shape[0], sharesInput ? rightInputs : leftInputs + rightInputs]
        notes.append("The value is added to the advantages without their mean, in one layer.")
        return try build(
            advantage, trunk: hidden, streams: [Part(name: "head", last: last)],
            head: .actionValues(actions: last.shape[0]))
    }

    /// A dense layer with the outputs of two.
    ///
    /// - Parameter sharesInput: Whether both take the same inputs, and not each its own.
    private static func sideBySide(
        _ first: KerasStream.Operation, _ second: KerasStream.Operation, sharesInput: Bool
    ) -> KerasStream.Operation {
        var result = KerasStream.Operation(
            number: first.number,
            layer: .dense(units: first.shape[0] + second.shape[0], activation: first.layer.activation),
            weight: first.weight + second.weight, bias: first.bias + second.bias,
            shape: [first.shape[0] + second.shape[0], first.shape[1]], source: "\(first.source) and \(second.source)")
        guard !sharesInput else { return result }
        let (left, right) = (first.shape[1], second.shape[1])
        result.shape[1] = left + right
        result.weight = []
        for row in 0..<first.shape[0] {
            result.weight += first.weight[(row * left)..<((row + 1) * left)] + [Float](repeating: 0, count: right)
        }
        for row in 0..<second.shape[0] {
            result.weight += [Float](repeating: 0, count: left) + second.weight[(row * right)..<((row + 1) * right)]
        }
        return result
    }
}
