internal import DQNModel

extension ONNXWriter {
    private typealias Layer = NetworkArchitecture.Layer

    /// A value of the graph and the shape of it for one observation.
    private struct Value {
        var name: String
        var shape: [Int]
    }

    /// Adds the whole network: scaling, layers, head.
    mutating func addNetwork(choosesAction: Bool) {
        var value = Value(name: "observations", shape: network.input.shape)
        if network.input.element == .uint8 {
            value.name = node(
                "Cast", [value.name], ["observations/float"], [("to", .integer(Element.float32.rawValue))])
        }
        if !network.inputOffset.isEmpty {
            let offset = scaling(InputScaling.offsetName, network.inputOffset)
            value.name = node("Sub", [value.name, offset], ["observations/centred"])
        }
        if !network.inputScale.isEmpty || network.input.element == .uint8 {
            let scale = scaling(InputScaling.scaleName, policy.inputScale)
            value.name = node("Mul", [value.name, scale], ["observations/scaled"])
        }
        for (index, layer) in network.trunk.enumerated() { add(layer, "layers/\(index)", to: &value) }
        addHead(value, choosesAction: choosesAction)
    }

    private mutating func scaling(_ name: String, _ values: [Float]) -> String {
        tensor(name, values.count == 1 ? [] : network.input.shape, values[...])
    }

    private mutating func addHead(_ value: Value, choosesAction: Bool) {
        let actions = network.actionCount
        let ends = network.streams.map { stream in
            var end = value
            for item in stream.hidden { add(item.layer, item.name, to: &end) }
            dense(stream.outputName, to: &end)
            return end.name
        }
        var chosen = "q_values"
        switch network.head {
        case .actionValues: node("Identity", [ends[0]], ["q_values"])
        case .dueling:
            let mean = node(
                "ReduceMean", [ends[1]], ["advantage/mean"], [("axes", .integers([1])), ("keepdims", .integer(1))])
            let centred = node("Sub", [ends[1], mean], ["advantage/centred"])
            node("Add", [ends[0], centred], ["q_values"])
        case .quantiles(_, let quantiles):
            let shape = tensor("quantiles/shape", integers: [0, actions, quantiles])
            node("Reshape", [ends[0], shape], ["quantiles"])
            node("ReduceMean", ["quantiles"], ["q_values"], [("axes", .integers([2])), ("keepdims", .integer(0))])
        case .actorCritic(_, nil):
            chosen = "logits"
            let parts = tensor("head/parts", integers: [actions, 1])
            node("Split", [ends[0], parts], ["logits", "value"], [("axis", .integer(1))])
        case .actorCritic:
            chosen = "logits"
            node("Identity", [ends[0]], ["logits"])
            node("Identity", [ends[1]], ["value"])
        }
        output(chosen, .float32, [actions])
        switch network.head {
        case .actionValues, .dueling: break
        case .quantiles(_, let quantiles): output("quantiles", .float32, [actions, quantiles])
        case .actorCritic: output("value", .float32, [1])
        }
        guard choosesAction else { return }
        // Of equal values, both choose the first.
        node("ArgMax", [chosen], ["action"], [("axis", .integer(1)), ("keepdims", .integer(0))])
        output("action", .int64, [])
    }

    private mutating func add(_ layer: Layer, _ name: String, to value: inout Value) {
        switch layer.kind {
        case .dense: dense(name, to: &value)
        case .layerNorm:
            let inputs = [value.name] + ["weight", "bias"].map { parameter("\(name)/\($0)") }
            value.name = node(
                "LayerNormalization", inputs, [name],
                [("axis", .integer(1)), ("epsilon", .float(Float(NetworkArchitecture.layerNormEpsilon)))])
        case .convolution(let sizes):
            let inputs = [value.name] + ["weight", "bias"].map { parameter("\(name)/\($0)") }
            value.name = node("Conv", inputs, [name], Self.windows(sizes.kernel, sizes.stride, sizes.padding))
        case .maxPooling(let sizes):
            value.name = node(
                "MaxPool", [value.name], [name], Self.windows(sizes.kernel, sizes.stride, sizes.padding))
        case .averagePooling(let sizes):
            value.name = node(
                "AveragePool", [value.name], [name],
                Self.windows(sizes.kernel, sizes.stride, sizes.padding) + [("count_include_pad", .integer(1))])
        }
        value.shape = (try? layer.outputShape(for: value.shape, name: name)) ?? value.shape
        activate(layer.activation, name, &value)
    }

    private mutating func dense(_ name: String, to value: inout Value) {
        if value.shape.count > 1 {
            value.name = node("Flatten", [value.name], ["\(name)/flat"], [("axis", .integer(1))])
        }
        let weight = parameter("\(name)/weight")
        let bias = parameter("\(name)/bias")
        value.name = node("Gemm", [value.name, weight, bias], [name], [("transB", .integer(1))])
        value.shape = [policy.layout["\(name)/bias"]?.count ?? 0]
    }

    private mutating func activate(
        _ activation: NetworkArchitecture.Activation, _ name: String, _ value: inout Value
    ) {
        let (input, output) = (value.name, "\(name)/\(activation.rawValue)")
        switch activation {
        case .identity: return
        case .relu: node("Relu", [input], [output])
        case .tanh: node("Tanh", [input], [output])
        case .sigmoid: node("Sigmoid", [input], [output])
        case .elu: node("Elu", [input], [output])
        case .silu:
            let gate = node("Sigmoid", [input], ["\(output)/sigmoid"])
            node("Mul", [input, gate], [output])
        case .gelu:
            // Opset 17 has no operator for it.
            let root = tensor("gelu/root", [], [Float(2).squareRoot()])
            let one = tensor("gelu/one", [], [1])
            let half = tensor("gelu/half", [], [0.5])
            let error = node(
                "Erf", [node("Div", [input, root], ["\(output)/scaled"])], ["\(output)/erf"])
            let sum = node("Add", [error, one], ["\(output)/sum"])
            let product = node("Mul", [input, sum], ["\(output)/product"])
            node("Mul", [product, half], [output])
        }
        value.name = output
    }

    private mutating func parameter(_ name: String) -> String {
        guard let entry = policy.layout[name] else { return name }
        return tensor(name, entry.shape, policy.parameters[entry.range])
    }

    private static func windows(
        _ kernel: NetworkArchitecture.Extent, _ stride: NetworkArchitecture.Extent,
        _ padding: NetworkArchitecture.Extent
    ) -> [(String, Attribute)] {
        [
            ("kernel_shape", .integers([kernel.rows, kernel.columns])),
            ("strides", .integers([stride.rows, stride.columns])),
            ("pads", .integers([padding.rows, padding.columns, padding.rows, padding.columns])),
        ]
    }
}
