internal import DQNModel

/// Sums V + A without the mean of the advantages, which some dueling networks compute; see ``DenseWeights``.
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
        let (left, right) = (parts[0].hidden + [parts[0].last], parts[1].hidden + [parts[1].last])
        var merged = zip(zip(left, right), DenseWeights.summed(left.map(\.dense), right.map(\.dense))).map {
            pair, dense in
            KerasStream.Operation(
                number: pair.0.number, layer: .dense(units: dense.outputs, activation: pair.1.layer.activation),
                weight: dense.weight, bias: dense.bias, shape: dense.shape,
                source: "\(pair.0.source) and \(pair.1.source)")
        }
        let last = merged.removeLast()
        notes.append("The value is added to the advantages without their mean, in one layer.")
        return try build(
            advantage, trunk: trunk + merged, streams: [Part(name: "head", last: last)],
            head: .actionValues(actions: last.shape[0]))
    }
}

extension KerasStream.Operation {
    fileprivate var dense: DenseWeights { DenseWeights(weight: weight, bias: bias) }
}
