internal import DQNModel

/// Makes a network of this library of the values that a graph has as its outputs.
struct GraphAssembly {
    /// A stream of the head: hidden layers and a linear layer.
    struct Stream {
        var hidden: [GraphLayer]
        var output: GraphLayer
    }

    /// What the outputs mean.
    enum Head {
        case actionValues(Stream)
        case dueling(value: Stream, advantage: Stream)
        case actorCritic(policy: Stream, value: Stream)
        case quantiles(Stream, quantiles: Int)
    }

    var evaluator: GraphEvaluator
    let port: ONNXModel.Port
    let options: ImportOptions
    /// The architecture that the file was exported with, if it says so.
    let exported: NetworkArchitecture?
    var file: String { evaluator.file }

    init(
        evaluator: GraphEvaluator, port: ONNXModel.Port, options: ImportOptions, exported: NetworkArchitecture?
    ) {
        self.evaluator = evaluator
        self.port = port
        self.options = options
        self.exported = exported
    }

    mutating func network(_ outputs: [String]) throws(InterchangeError) -> ImportedNetwork {
        var values: [GraphValue] = []
        for name in outputs { values.append(try completed(try evaluator.value(name))) }
        let (input, trunk, head) = try parts(try meaning(values, outputs))
        return try network(input, trunk, head)
    }

    /// What outputs are together.
    private enum Meaning {
        case one(GraphFlow)
        case sum(value: GraphFlow, advantage: GraphFlow)
        case dueling(value: GraphFlow, advantage: GraphFlow)
        case actorCritic(policy: GraphFlow, value: GraphFlow?)
        case quantiles(GraphFlow, Int, areOutermost: Bool)
    }

    private mutating func meaning(
        _ values: [GraphValue], _ names: [String]
    ) throws(InterchangeError) -> Meaning {
        // Actions are chosen from other values, which the network computes.
        var rest = values.map { value in
            if case .action(let inner) = value { inner } else { value }
        }
        if values.contains(where: { if case .action = $0 { true } else { false } }) {
            evaluator.note("The graph chooses the largest output; that is left to what plays the policy.")
        }
        // Quantiles may be shown beside their means, and logits beside their probabilities.
        for value in rest {
            let whole: GraphFlow
            switch value {
            case .quantiles(let flow, _, _), .probabilities(let flow): whole = flow
            default: continue
            }
            rest.removeAll { if case .flow(let flow) = $0 { flow.isEqual(to: whole) } else { false } }
        }
        var distinct: [GraphValue] = []
        for value in rest where !distinct.contains(where: { isSame($0, value) }) { distinct.append(value) }
        switch distinct.count {
        case 1: return try meaning(distinct[0], names[0])
        case 2:
            for (policy, value) in [(distinct[0], distinct[1]), (distinct[1], distinct[0])] {
                guard case .flow(let value) = value, value.count == 1 else { continue }
                switch policy {
                case .flow(let policy) where policy.count > 1, .probabilities(let policy):
                    evaluator.note("Of the two outputs, the larger one is a policy's logits, the other one its value.")
                    return .actorCritic(policy: policy, value: value)
                default: continue
                }
            }
        default: break
        }
        throw .ambiguous(
            "\(file) has \(distinct.count) outputs, \(names.prefix(8).map(\.quoted).joined(separator: ", ")); choose one "
                + "with --map network=NAME.")
    }

    private func isSame(_ first: GraphValue, _ second: GraphValue) -> Bool {
        switch (first, second) {
        case (.flow(let a), .flow(let b)), (.probabilities(let a), .probabilities(let b)): a.isEqual(to: b)
        case (.quantiles(let a, _, _), .quantiles(let b, _, _)): a.isEqual(to: b)
        case (.dueling(let a, let c, _), .dueling(let b, let d, _)), (.sum(let a, let c), .sum(let b, let d)):
            a.isEqual(to: b) && c.isEqual(to: d)
        default: false
        }
    }

    private mutating func meaning(_ value: GraphValue, _ name: String) throws(InterchangeError) -> Meaning {
        switch value {
        case .flow(let flow): return .one(flow)
        case .sum(let value, let advantage):
            evaluator.note(
                "The graph adds the streams of value and advantage without subtracting a mean: they are one head.")
            return .sum(value: value, advantage: advantage)
        case .dueling(let value, let advantage, let ofAll):
            if ofAll, evaluator.batch != 1 {
                evaluator.note(
                    "The graph subtracts the mean over the advantages of all observations that it is given at once; here "
                        + "it is that of one observation, as when the policy plays.")
            }
            return .dueling(value: value, advantage: advantage)
        case .quantiles(let flow, let quantiles, let areOutermost):
            evaluator.note(
                "The head has \(quantiles) quantiles of the return for each action; an action's Q-value is their mean.")
            return .quantiles(flow, quantiles, areOutermost: areOutermost)
        case .probabilities(let flow):
            evaluator.note("The output is the probabilities of a policy. The file has no value; it is 0.")
            return .actorCritic(policy: flow, value: nil)
        default:
            throw .notRepresentable(
                "The output \(name.quoted) of \(file) is \(value.words); choose another value with --map network=NAME.")
        }
    }

    // MARK: Parts

    private typealias Parts = (input: GraphFlow, trunk: [GraphLayer], head: Head)

    private mutating func parts(_ meaning: Meaning) throws(InterchangeError) -> Parts {
        switch meaning {
        case .one(let flow):
            let (layers, output, input) = try ending(flow)
            return (input, layers, .actionValues(Stream(hidden: [], output: output)))
        case .quantiles(let flow, let quantiles, let areOutermost):
            let (layers, output, input) = try ending(flow)
            let stream = Stream(
                hidden: [], output: areOutermost ? try turned(output, quantiles) : output)
            return (input, layers, .quantiles(stream, quantiles: quantiles))
        case .sum(let value, let advantage):
            let (input, trunk, first, second) = try fork(value, advantage)
            let (hidden, output) = try merged(first, second)
            return (input, trunk + hidden, .actionValues(Stream(hidden: [], output: output)))
        case .dueling(let value, let advantage):
            let (input, trunk, first, second) = try fork(value, advantage)
            return (input, trunk, .dueling(value: first, advantage: second))
        case .actorCritic(let policy, let value?):
            let (input, trunk, first, second) = try fork(policy, value)
            return (input, trunk, .actorCritic(policy: first, value: second))
        case .actorCritic(let policy, nil):
            let (layers, output, input) = try ending(policy)
            var zero = output
            zero.weight = [Float](repeating: 0, count: output.weight.count / output.shape[0])
            zero.bias = [0]
            zero.shape[0] = 1
            zero.source = "zeros"
            return (
                input, layers,
                .actorCritic(policy: Stream(hidden: [], output: output), value: Stream(hidden: [], output: zero))
            )
        }
    }

    /// Splits a flow into its layers and the linear layer at its end. If it ends otherwise, one that changes nothing is
    /// added.
    private mutating func ending(
        _ flow: GraphFlow
    ) throws(InterchangeError) -> (layers: [GraphLayer], output: GraphLayer, input: GraphFlow) {
        var flow = try evaluator.flushed(flow)
        guard !flow.layers.isEmpty else {
            throw .notRepresentable("The graph of \(file) gives back the observation; it is no network.")
        }
        if let last = flow.layers.last, flow.affine == nil, last.isLinear, case .dense = last.layer.kind {
            return (Array(flow.layers.dropLast()), last, flow)
        }
        let count = flow.count
        try evaluator.charge(count * count)
        var unit = GraphConstant([count, count], .floats([Float](repeating: 0, count: count * count)))
        unit.elements = .floats((0..<(count * count)).map { $0 % (count + 1) == 0 ? 1 : 0 })
        flow.shape = [.batch, .size(count)]
        let node = GraphNode(.init(operation: "Identity", name: "identity"), -1, evaluator.model.opset, file)
        let result = try evaluator.dense(flow, unit, isOutputsFirst: true, node)
        evaluator.note("The last layer has an activation; the head behind it changes nothing.")
        guard let output = result.layers.last else { throw .malformed("\(file) has no layers.") }
        return (Array(result.layers.dropLast()), output, result)
    }

    /// Finds where two flows part.
    private mutating func fork(
        _ first: GraphFlow, _ second: GraphFlow
    ) throws(InterchangeError) -> (input: GraphFlow, trunk: [GraphLayer], first: Stream, second: Stream) {
        let (left, leftOutput, input) = try ending(first)
        let (right, rightOutput, other) = try ending(second)
        var shared = 0
        while shared < left.count, shared < right.count, left[shared].identity == right[shared].identity { shared += 1 }
        guard input.inputAffine == other.inputAffine, input.hasChannelsLast == other.hasChannelsLast else {
            throw .notRepresentable(
                "The streams of \(file) scale the observation differently, which networks here do not.")
        }
        for layer in left[shared...] + right[shared...] {
            switch layer.layer.kind {
            case .dense, .layerNorm: break
            case .convolution, .maxPooling, .averagePooling:
                throw .notRepresentable(
                    "\(layer.source.quoted) of \(file) is a convolution or pooling of one stream; here streams part behind "
                        + "the last one.")
            }
        }
        return (
            input, Array(left[..<shared]), Stream(hidden: Array(left[shared...]), output: leftOutput),
            Stream(hidden: Array(right[shared...]), output: rightOutput)
        )
    }

    /// Puts the rows of quantiles in the order of this library: all quantiles of an action together.
    private func turned(_ layer: GraphLayer, _ quantiles: Int) throws(InterchangeError) -> GraphLayer {
        let actions = layer.shape[0] / quantiles
        let width = layer.shape[1]
        let rows = (0..<actions).flatMap { action in (0..<quantiles).map { $0 * actions + action } }
        var result = layer
        result.weight = rows.flatMap { layer.weight[($0 * width)..<(($0 + 1) * width)] }
        result.bias = rows.map { layer.bias[$0] }
        return result
    }

    /// Makes one stream of two whose outputs are added: the value's layers beside the advantage's.
    private mutating func merged(
        _ value: Stream, _ advantage: Stream
    ) throws(InterchangeError) -> (hidden: [GraphLayer], output: GraphLayer) {
        guard value.hidden.count == advantage.hidden.count,
            zip(value.hidden, advantage.hidden).allSatisfy({ first, second in
                if case .dense = first.layer.kind, case .dense = second.layer.kind {
                    first.layer.activation == second.layer.activation
                } else {
                    false
                }
            })
        else {
            throw .notRepresentable(
                "\(file) adds streams of different layers without subtracting a mean, which networks here do not have.")
        }
        let (left, right) = (value.hidden + [value.output], advantage.hidden + [advantage.output])
        try evaluator.charge(DenseWeights.count(ofSumOf: left.map(\.shape), right.map(\.shape)))
        var merged = zip(zip(left, right), DenseWeights.summed(left.map(\.dense), right.map(\.dense))).map {
            pair, dense in
            var layer = pair.1
            layer.layer.kind = .dense(units: dense.outputs)
            (layer.weight, layer.bias, layer.shape) = (dense.weight, dense.bias, dense.shape)
            layer.source = "\(pair.0.source) + \(pair.1.source)"
            return layer
        }
        let output = merged.removeLast()
        return (merged, output)
    }
}

extension GraphLayer {
    fileprivate var dense: DenseWeights { DenseWeights(weight: weight, bias: bias) }
}
