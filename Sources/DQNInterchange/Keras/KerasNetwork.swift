internal import DQNModel

/// Makes a network of this library of what a Keras model computes.
struct KerasNetwork {
    /// A part of the head: hidden layers and a linear one.
    struct Part {
        let name: String
        var hidden: [KerasStream.Operation] = []
        let last: KerasStream.Operation
    }

    let options: ImportOptions
    let file: String
    let usesInputScale: Bool
    /// Whether the model is one that this library's `to_keras` has made, whose input has the type of the observations.
    let isExported: Bool
    var notes: [String]
    private var rows: [ImportedNetwork.Row] = []
    private var parameters: [Float] = []

    /// Returns the network of a model.
    ///
    /// - Throws: ``InterchangeError``: `malformed`, `notRepresentable` or `ambiguous`.
    static func network(
        _ model: KerasModel, _ weights: KerasWeights, _ options: ImportOptions, _ file: String
    ) throws(InterchangeError) -> ImportedNetwork {
        guard options.activation == nil else {
            throw .ambiguous(
                "\(file) states its activations, which --activation would contradict; change one with --map "
                    + "layers.0.activation=tanh.")
        }
        _ = try options.isDueling()
        if let given = options.map["head.activation"], given != "identity" {
            throw .ambiguous("--map head.activation=\(given) is unknown; only head.activation=identity is supported.")
        }
        for key in options.map.keys.sorted()
        where key == "network" || [".stride", ".padding", ".transpose"].contains(where: key.hasSuffix) {
            throw .ambiguous("\(file) is a whole model, which --map \(key) would contradict; leave it out.")
        }
        var builder = KerasBuilder(weights, options, file, isExported: model.isExported)
        let outputs = try builder.outputs(of: model, nil)
        var network = KerasNetwork(
            options, file, builder.notes, usesInputScale: builder.usesInputScale,
            isExported: model.isExported)
        return try network.network(outputs)
    }

    private init(_ options: ImportOptions, _ file: String, _ notes: [String], usesInputScale: Bool, isExported: Bool) {
        (self.options, self.file, self.notes) = (options, file, notes)
        (self.usesInputScale, self.isExported) = (usesInputScale, isExported)
    }

    private mutating func network(_ outputs: [KerasValue]) throws(InterchangeError) -> ImportedNetwork {
        if outputs.count == 2, case .stream(let first) = outputs[0], case .stream(let second) = outputs[1] {
            let streams = first.units == 1 && second.units != 1 ? (second, first) : (first, second)
            return try actorCritic(streams.0, streams.1)
        }
        guard outputs.count == 1 else {
            throw .notRepresentable("\(file) has \(outputs.count) outputs; a network of Q-values has one.")
        }
        switch outputs[0] {
        case .stream(let stream): return try chain(stream)
        case .quantiles(let stream, let count): return try chain(stream, quantiles: count)
        case .terms(let terms):
            if let (value, advantage) = Self.plainSum(terms) { return try summed(value, advantage) }
            let (value, advantage) = try dueling(terms)
            return try dueling(value, advantage)
        case .opaque(let words, _):
            guard options.map["head"] == "dueling" else { throw .notRepresentable(words) }
            let streams = outputs[0].streams
            notes.append("The streams are combined as Q = V + A − mean(A), as --map head=dueling says.")
            if streams.count == 1 { return try joined(streams[0]) }
            let values = streams.filter { $0.units == 1 }
            let advantages = streams.filter { ($0.units ?? 0) > 1 }
            let numbers = Set(advantages.map { $0.operations.last?.number })
            guard let value = values.first, let advantage = advantages.first, numbers.count == 1,
                Set(values.map { $0.operations.last?.number }).count == 1
            else {
                throw .notRepresentable(
                    "\(file) has no dense layer with one output beside one with more, as dueling heads do.")
            }
            return try dueling(value, advantage)
        }
    }

    private mutating func chain(
        _ stream: KerasStream, quantiles: Int = 1
    ) throws(InterchangeError) -> ImportedNetwork {
        if options.map["head"] != nil {
            throw .ambiguous("\(file) has no streams, which --map head=dueling would join; leave it out.")
        }
        let (hidden, last) = try split(stream)
        let actions = last.shape[0] / quantiles
        if quantiles > 1 {
            notes.append(
                "The head has \(quantiles) quantiles of the return for each action; an action's Q-value is their mean.")
        }
        return try build(
            stream, trunk: hidden, streams: [Part(name: "head", last: last)],
            head: quantiles > 1
                ? .quantiles(actions: actions, quantiles: quantiles) : .actionValues(actions: actions))
    }

    /// Splits a dense layer whose first output is the state's value, as keras-rl has it.
    private mutating func joined(_ stream: KerasStream) throws(InterchangeError) -> ImportedNetwork {
        let (hidden, last) = try split(stream)
        let (outputs, inputs) = (last.shape[0], last.shape[1])
        guard outputs > 1 else {
            throw .notRepresentable("\(file) has one output, which cannot be value and advantages.")
        }
        var (value, advantage) = (last, last)
        value.layer = .dense(units: 1, activation: .identity)
        value.weight = Array(last.weight[..<inputs])
        value.bias = [last.bias[0]]
        value.shape = [1, inputs]
        advantage.layer = .dense(units: outputs - 1, activation: .identity)
        advantage.weight = Array(last.weight[inputs...])
        advantage.bias = Array(last.bias.dropFirst())
        advantage.shape = [outputs - 1, inputs]
        return try build(
            stream, trunk: hidden,
            streams: [Part(name: "value", last: value), Part(name: "advantage", last: advantage)],
            head: .dueling(actions: outputs - 1, streams: .init(value: [], advantage: [])))
    }

    /// Finds the streams of a sum that must be V + A − mean(A).
    private func dueling(_ terms: [KerasTerm]) throws(InterchangeError) -> (KerasStream, KerasStream) {
        func number(_ term: KerasTerm) -> Int? { term.stream.operations.last?.number }
        if terms.count == 3, let mean = terms.first(where: { $0.isMean && $0.sign == -1 }) {
            let others = terms.filter { !$0.isMean && $0.sign == 1 }
            if others.count == 2, let advantage = others.first(where: { number($0) == number(mean) }),
                let value = others.first(where: { number($0) != number(mean) }), value.stream.units == 1
            {
                return (value.stream, advantage.stream)
            }
        }
        throw .notRepresentable(
            "\(file) adds the outputs of \(terms.map { $0.stream.operations.last?.source ?? "?" }.joined(separator: ", ")), and "
                + "not as the streams of a dueling head: Q = V + A − mean(A).")
    }

    private mutating func dueling(
        _ value: KerasStream, _ advantage: KerasStream
    ) throws(InterchangeError) -> ImportedNetwork {
        let (trunk, head) = try streams(("value", value), ("advantage", advantage))
        return try build(
            value, trunk: trunk, streams: head,
            head: .dueling(
                actions: advantage.count,
                streams: .init(value: head[0].hidden.map(\.layer), advantage: head[1].hidden.map(\.layer))))
    }

    /// An actor-critic's network: a softmax, or its logits, and a value.
    private mutating func actorCritic(
        _ policy: KerasStream, _ value: KerasStream
    ) throws(InterchangeError) -> ImportedNetwork {
        guard value.units == 1, value.foreignActivation == nil else {
            throw .notRepresentable("\(file) has two outputs, which are not a policy and a value.")
        }
        var policy = policy
        policy.foreignActivation = nil
        let (trunk, head) = try streams(("policy", policy), ("value", value))
        notes.append("The outputs are the logits of a policy and the value of the state.")
        return try build(
            policy, trunk: trunk, streams: head,
            head: .actorCritic(
                actions: policy.count,
                streams: .init(policy: head[0].hidden.map(\.layer), value: head[1].hidden.map(\.layer))))
    }

    /// Divides two streams into what they share and what they do not.
    mutating func streams(
        _ first: (name: String, stream: KerasStream), _ second: (name: String, stream: KerasStream)
    ) throws(InterchangeError) -> (trunk: [KerasStream.Operation], streams: [Part]) {
        guard first.stream.input == second.stream.input else {
            throw .notRepresentable("\(file) has two inputs, '\(first.stream.input)' and '\(second.stream.input)'.")
        }
        guard first.stream.readsLike(second.stream) else {
            throw .notRepresentable(
                "\(file) scales or orders its input in one way for the \(first.name) and in another for the "
                    + "\(second.name); networks here have one scale and one order for both.")
        }
        let (left, leftLast) = try split(first.stream)
        let (right, rightLast) = try split(second.stream)
        let shared = zip(left, right).prefix { $0.number == $1.number }.count
        return (
            Array(left.prefix(shared)),
            [
                Part(name: first.name, hidden: Array(left.dropFirst(shared)), last: leftLast),
                Part(name: second.name, hidden: Array(right.dropFirst(shared)), last: rightLast),
            ]
        )
    }

    /// Splits off the last layer, which must be dense and without an activation.
    private mutating func split(
        _ stream: KerasStream
    ) throws(InterchangeError) -> (hidden: [KerasStream.Operation], last: KerasStream.Operation) {
        guard var last = stream.operations.last, last.isDense, stream.isVector else {
            throw .notRepresentable(
                "\(file) ends in '\(stream.operations.last?.source ?? stream.input)' instead of a dense layer.")
        }
        guard stream.pending == nil, stream.padding == nil else {
            throw .notRepresentable("\(file) ends in a normalisation that the last layer cannot take into its weights.")
        }
        if stream.foreignActivation != nil || last.layer.activation != .identity {
            let name = stream.foreignActivation ?? last.layer.activation.rawValue
            guard options.map["head.activation"] == "identity" else {
                throw .notRepresentable(
                    "\(file) has the activation '\(name)' behind its last layer, and outputs here have none; to leave it out, "
                        + "which changes the values, pass --map head.activation=identity.")
            }
            notes.append("The activation '\(name)' of the outputs is left out, as --map head.activation=identity says.")
            last.layer.activation = .identity
        }
        return (Array(stream.operations.dropLast()), last)
    }

    mutating func build(
        _ stream: KerasStream, trunk: [KerasStream.Operation],
        streams: [Part], head: NetworkArchitecture.Head
    ) throws(InterchangeError) -> ImportedNetwork {
        var layers: [NetworkArchitecture.Layer] = []
        for (index, operation) in trunk.enumerated() {
            var operation = operation
            if let activation = try options.activation(ofLayer: index) { operation.layer.activation = activation }
            try add("layers/\(index)", operation)
            layers.append(operation.layer)
        }
        for key in options.map.keys.sorted() where key.hasPrefix("layers.") {
            guard let index = Int(key.split(separator: ".")[1]), index < trunk.count else {
                throw .ambiguous("--map \(key) names a layer that the network lacks; it has \(trunk.count).")
            }
        }
        for stream in streams {
            for (index, operation) in stream.hidden.enumerated() {
                try add("\(stream.name)/layers/\(index)", operation)
            }
            try add(streams.count == 1 ? stream.name : "\(stream.name)/output", stream.last)
        }
        do {
            let architecture = try architecture(stream, layers, head)
            let layout = try ParameterLayout(architecture)
            guard layout.count == parameters.count else {
                throw InterchangeError.malformed(
                    "\(file) has \(parameters.count) weights for a network of \(layout.count) parameters.")
            }
            return ImportedNetwork(architecture: architecture, parameters: parameters, rows: rows, notes: notes)
        } catch let error as ModelError {
            throw .notRepresentable("The network of \(file) cannot be represented: \(error.message)")
        } catch let error as InterchangeError { throw error } catch { throw .malformed("\(error)") }
    }

    private mutating func add(_ name: String, _ operation: KerasStream.Operation) throws(InterchangeError) {
        guard operation.weight.allSatisfy(\.isFinite), operation.bias.allSatisfy(\.isFinite) else {
            throw .notRepresentable("'\(operation.source)' of \(file) has values that are not finite.")
        }
        guard parameters.count + operation.weight.count + operation.bias.count <= NetworkFacts.mostParameters else {
            throw .notRepresentable("\(file) has more than \(NetworkFacts.mostParameters) parameters.")
        }
        parameters += operation.weight
        parameters += operation.bias
        rows.append(
            .init(
                layer: name, shape: operation.shape, activation: operation.layer.activation.rawValue,
                source: operation.source))
    }
}
