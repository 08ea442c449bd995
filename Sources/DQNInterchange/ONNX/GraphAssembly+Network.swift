internal import DQNModel

extension GraphAssembly {
    private typealias Layer = NetworkArchitecture.Layer

    /// Returns a value with what is still to be done to its layers done, so that equal ones are found to be equal.
    mutating func completed(_ value: GraphValue) throws(InterchangeError) -> GraphValue {
        switch value {
        case .flow(let flow): return .flow(try evaluator.flushed(flow))
        case .probabilities(let flow): return .probabilities(try evaluator.flushed(flow))
        case .quantiles(let flow, let quantiles, let areOutermost):
            return .quantiles(try evaluator.flushed(flow), quantiles: quantiles, areOutermost: areOutermost)
        case .sum(let value, let advantage):
            return .sum(value: try evaluator.flushed(value), advantage: try evaluator.flushed(advantage))
        case .dueling(let value, let advantage, let ofAll):
            return .dueling(
                value: try evaluator.flushed(value), advantage: try evaluator.flushed(advantage), ofAll: ofAll)
        case .action(let inner): return .action(try completed(inner))
        default: return value
        }
    }

    mutating func network(
        _ flow: GraphFlow, _ trunk: [GraphLayer], _ head: Head
    ) throws(InterchangeError) -> ImportedNetwork {
        let architecture: NetworkArchitecture
        let layout: ParameterLayout
        do {
            architecture = try self.architecture(flow, trunk, head)
            layout = try ParameterLayout(architecture)
        } catch let error as ModelError {
            throw .notRepresentable("The network of \(file) cannot be represented: \(error.message)")
        } catch let error as InterchangeError { throw error } catch { throw .malformed("\(error)") }
        guard layout.count <= NetworkFacts.mostParameters else {
            throw .notRepresentable(
                "The network of \(file) has \(layout.count) parameters; at most \(NetworkFacts.mostParameters) can be imported."
            )
        }
        let layers = Self.layers(trunk, head, architecture)
        let parameters = layers.flatMap { $0.weight + $0.bias }
        guard parameters.count == layout.count else {
            throw .malformed("\(file) has \(parameters.count) parameters for a network of \(layout.count).")
        }
        guard parameters.allSatisfy(\.isFinite) else {
            throw .notRepresentable("The layers of \(file) have values that are not finite.")
        }
        // Poolings have no parameters and no names of their own.
        var names = layout.entries.map(\.name).filter { $0.hasSuffix("/weight") }.map { String($0.dropLast(7)) }[...]
        let rows = layers.filter { !$0.weight.isEmpty }.map { layer in
            ImportedNetwork.Row(
                layer: names.popFirst() ?? "", shape: layer.shape, activation: layer.layer.activation.rawValue,
                source: layer.source)
        }
        return ImportedNetwork(architecture: architecture, parameters: parameters, rows: rows, notes: evaluator.notes)
    }

    /// The layers in the order of their parameters.
    private static func layers(
        _ trunk: [GraphLayer], _ head: Head, _ architecture: NetworkArchitecture
    ) -> [GraphLayer] {
        switch head {
        case .actionValues(let stream), .quantiles(let stream, _): return trunk + stream.hidden + [stream.output]
        case .dueling(let first, let second):
            return trunk + first.hidden + [first.output] + second.hidden + [second.output]
        case .actorCritic(let policy, let value):
            guard case .actorCritic(_, nil) = architecture.head else {
                return trunk + policy.hidden + [policy.output] + value.hidden + [value.output]
            }
            var output = policy.output
            output.weight += value.output.weight
            output.bias += value.output.bias
            output.shape[0] += 1
            output.source += " + \(value.output.source)"
            return trunk + [output]
        }
    }

    private mutating func architecture(
        _ flow: GraphFlow, _ trunk: [GraphLayer], _ head: Head
    ) throws -> NetworkArchitecture {
        func layers(_ stream: Stream) -> [Layer] { stream.hidden.map(\.layer) }
        var hidden = trunk.map(\.layer)
        let newHead: NetworkArchitecture.Head
        switch head {
        case .actionValues(let stream): newHead = .actionValues(actions: stream.output.shape[0])
        case .quantiles(let stream, let quantiles):
            newHead = .quantiles(actions: stream.output.shape[0] / quantiles, quantiles: quantiles)
        case .dueling(let value, let advantage):
            let actions = advantage.output.shape[0]
            // The streams may have been written as one layer that each has a copy of.
            if case .dueling(_, nil)? = exported?.head, layers(value) == layers(advantage), value.hidden.count <= 1 {
                hidden += layers(value)
                newHead = .dueling(actions: actions)
            } else {
                newHead = .dueling(
                    actions: actions, streams: .init(value: layers(value), advantage: layers(advantage)))
            }
        case .actorCritic(let policy, let value):
            let actions = policy.output.shape[0]
            var isOne = policy.hidden.isEmpty && value.hidden.isEmpty
            if case .actorCritic(_, .some)? = exported?.head { isOne = false }
            newHead = .actorCritic(
                actions: actions,
                streams: isOne ? nil : .init(policy: layers(policy), value: layers(value)))
        }
        let isImage = hidden.contains { layer in
            switch layer.kind {
            case .convolution, .maxPooling, .averagePooling: true
            case .dense, .layerNorm: false
            }
        }
        let input = try self.input(flow, isImage: isImage)
        let result = try NetworkArchitecture(
            input: ObservationSpace(shape: input.shape, element: input.isPixels ? .uint8 : .float32),
            inputOffset: input.offset, inputScale: input.scale, layers: hidden, head: newHead)
        // The same network may be written in several ways; a policy that was exported from here keeps its own.
        guard let exported, result.isEquivalent(to: exported) else { return result }
        return exported
    }

    /// The observation, and what is subtracted from it and what it is multiplied by.
    private typealias Input = (shape: [Int], isPixels: Bool, offset: [Float], scale: [Float])

    private mutating func input(_ flow: GraphFlow, isImage: Bool) throws(InterchangeError) -> Input {
        let plane = flow.inputPlace.dropFirst().reduce(1, *)
        var shape = flow.inputPlace
        if !isImage, shape.count != 3 || port.element != 2 { shape = [shape.reduce(1, *)] }
        if let wanted = try options.input() {
            // Where the graph has three axes, another order of them would be another order of the elements.
            let isFixed = isImage || wanted.count == 3 && flow.inputPlace.count == 3
            guard wanted.reduce(1, *) == shape.reduce(1, *), !isFixed || wanted == flow.inputPlace else {
                throw .ambiguous("--map input is \(wanted); the graph of \(file) takes \(shape).")
            }
            shape = wanted
        }
        if let exported, exported.input.count == shape.reduce(1, *), !isImage { shape = exported.input.shape }
        if flow.hasChannelsLast {
            evaluator.note("The graph takes channels last; here observations have them first, as \(shape).")
        }
        let affine = flow.inputAffine ?? GraphAffine(identity: -1)
        guard affine.scale.allSatisfy({ $0 != 0 && $0.isFinite }), affine.shift.allSatisfy(\.isFinite) else {
            throw .notRepresentable(
                "The graph of \(file) multiplies the observation by 0 or by a number that is not finite.")
        }
        let count = shape.reduce(1, *)
        for case .channels in [affine.scale, affine.shift] { try evaluator.charge(2 * count) }
        for case .elements in [affine.scale, affine.shift] { try evaluator.charge(2 * count) }
        let offset = affine.shift.combined(affine.scale, plane: plane, count: count) { -$0 / $1 }
        return try scaling(
            Input(shape, port.element == 2, offset.floats(count, plane), affine.scale.floats(count, plane)), isImage)
    }

    /// Decides what observations are: those of images are pixels, which networks here scale themselves.
    private mutating func scaling(_ input: Input, _ isImage: Bool) throws(InterchangeError) -> Input {
        var input = input
        if input.offset.allSatisfy({ $0 == 0 }) { input.offset = [] }
        let isUnscaled = input.offset.isEmpty && input.scale.allSatisfy { $0 == 1 }
        if let exported, exported.input.element == .float32, port.element != 2 {
            if isUnscaled { input.scale = [] }
            return input
        }
        let wanted = try options.scaling(InputScaling())
        if !wanted.offset.isEmpty || !wanted.scale.isEmpty {
            guard isUnscaled else {
                throw .ambiguous(
                    "The graph of \(file) scales observations itself; leave out --map input_scale and input_offset.")
            }
            input.offset = wanted.offset
            if !wanted.scale.isEmpty { input.scale = wanted.scale }
        } else if isImage, !input.isPixels, isUnscaled {
            input.scale = [1 / 255]
            evaluator.note(
                "The graph does not scale its image; pixels are multiplied by 1/255 before the first layer, "
                    + "--map input_scale=1 leaves them.")
        }
        if isImage { input.isPixels = true }
        if input.isPixels ? input.scale == [1 / 255] : input.scale.allSatisfy({ $0 == 1 }) { input.scale = [] }
        if input.offset == [0] { input.offset = [] }
        return input
    }
}

extension GraphNumbers {
    /// One number, or one for each element.
    fileprivate func floats(_ count: Int, _ plane: Int) -> [Float] {
        switch self {
        case .uniform(let value): [Float(value)]
        case .channels, .elements: (0..<count).map { Float(number($0, plane: plane)) }
        }
    }
}
