internal import DQNModel

extension GraphEvaluator {
    /// The operators and the attributes that each may have.
    private static let attributes: [String: Set<String>] = [
        "Add": [], "Sub": [], "Mul": [], "Div": [], "Neg": [], "Pow": [], "Sqrt": [], "Reciprocal": [], "Erf": [],
        "Identity": [], "Dropout": ["ratio", "seed", "is_test"], "Cast": ["to", "saturate", "round_mode"],
        "CastLike": ["saturate", "round_mode"],
        "Constant": [
            "value", "value_float", "value_floats", "value_int", "value_ints",
        ],
        "ConstantOfShape": ["value"], "Relu": [], "Tanh": [], "Sigmoid": [], "Elu": ["alpha"], "Celu": ["alpha"],
        "Gelu": ["approximate"], "Swish": ["alpha"], "Clip": ["min", "max"], "Max": [],
        "ReduceLogSumExp": ["axes", "keepdims", "noop_with_empty_axes"], "Softmax": ["axis"],
        "LogSoftmax": ["axis"], "ArgMax": ["axis", "keepdims", "select_last_index"],
        "Gemm": ["alpha", "beta", "transA", "transB"], "MatMul": [],
        "Conv": ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"],
        "MaxPool": ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"],
        "AveragePool": [
            "auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides",
        ],
        "GlobalAveragePool": [], "GlobalMaxPool": [],
        "BatchNormalization": ["epsilon", "momentum", "spatial", "training_mode", "is_test"],
        "LayerNormalization": ["axis", "epsilon", "stash_type"],
        "ReduceMean": ["axes", "keepdims", "noop_with_empty_axes"],
        "Flatten": ["axis"], "Reshape": ["allowzero"], "Squeeze": ["axes"], "Unsqueeze": ["axes"],
        "Transpose": ["perm"], "Expand": [], "Shape": ["start", "end"], "Gather": ["axis"],
        "Slice": ["axes", "starts", "ends"], "Split": ["axis", "split", "num_outputs"], "Concat": ["axis"],
        "Equal": [], "Where": [], "Pad": ["mode", "pads", "value"],
        "ReduceProd": ["axes", "keepdims", "noop_with_empty_axes"],
    ]

    /// Returns the values of a node's outputs.
    mutating func results(of node: GraphNode) throws(InterchangeError) -> [GraphValue] {
        guard node.domain.isEmpty || node.domain == "ai.onnx" else {
            throw node.refused("is an operator of the domain \(node.domain.quoted)")
        }
        guard let known = Self.attributes[node.operation] else {
            for (name, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) {
                if case .other("a subgraph") = attribute { throw node.refused("has a subgraph, \(name.quoted)") }
            }
            throw .notRepresentable(
                "\(node.words) is an operator that networks here do not have; their layers are dense layers, convolutions, "
                    + "poolings and layer normalisations, with the activations "
                    + "\(NetworkArchitecture.Activation.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        if let name = node.attributes.keys.sorted().first(where: { !known.contains($0) }) {
            throw node.refused("has the attribute \(name.quoted)")
        }
        switch node.operation {
        case "Split": return try split(node)
        case "Dropout":
            if try number(2, node) ?? 0 != 0 {
                throw node.refused("drops elements at random; export the model in evaluation mode")
            }
            return [try input(0, node)]
        default: return [try result(of: node)]
        }
    }

    private mutating func result(of node: GraphNode) throws(InterchangeError) -> GraphValue {
        switch node.operation {
        case "Identity": try input(0, node)
        case "CastLike": try cast(try input(0, node), isFloat: isFloat(try input(1, node)), node)
        case "Cast":
            try cast(try input(0, node), isFloat: [1, 10, 11, 16].contains(try node.integer("to") ?? 1), node)
        case "Constant": .constant(try constantValue(node))
        case "ConstantOfShape": .constant(try filled(node))
        case "Add", "Sub", "Mul", "Div": try arithmetic(node)
        case "Neg", "Pow", "Sqrt", "Reciprocal", "Erf": try unary(node)
        case "Relu", "Tanh", "Sigmoid", "Elu", "Celu", "Gelu", "Swish", "Clip", "Max":
            try activation(node)
        case "Softmax", "LogSoftmax", "ReduceLogSumExp": try softmax(node)
        case "ArgMax": try argMax(node)
        case "Gemm": .flow(try gemm(node))
        case "MatMul": .flow(try matMul(node))
        case "Conv": .flow(try convolution(node))
        case "MaxPool", "AveragePool": .flow(try pooling(node))
        case "GlobalAveragePool": .flow(try globalPooling(try flow(0, node), isMaximum: false, keepsAxes: true, node))
        case "GlobalMaxPool": .flow(try globalPooling(try flow(0, node), isMaximum: true, keepsAxes: true, node))
        case "Pad": try padding(node)
        case "BatchNormalization": .flow(try batchNormalization(node))
        case "LayerNormalization": .flow(try layerNormalization(node))
        case "ReduceMean": try mean(node)
        case "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Expand": try reshaping(node)
        default: try shapeOperation(node)
        }
    }

    /// Whether the elements of a value are no integers.
    private func isFloat(_ value: GraphValue) -> Bool {
        switch value {
        case .constant(let constant): constant.integers == nil
        case .extents, .action: false
        default: true
        }
    }

    private mutating func cast(
        _ value: GraphValue, isFloat: Bool, _ node: GraphNode
    ) throws(InterchangeError) -> GraphValue {
        switch value {
        case .constant(var constant):
            try charge(constant.count)
            if isFloat {
                constant.elements = .floats(constant.floats)
            } else if constant.integers == nil {
                // As C does; what is out of range is no number of a shape.
                constant.elements = .integers(constant.floats.map { Int(exactly: $0.rounded(.towardZero)) ?? 0 })
            }
            return .constant(constant)
        case .extents, .action: return value
        default:
            guard isFloat else { throw node.refused("rounds to integers") }
            return value
        }
    }

    /// Returns the value of a node without inputs.
    private mutating func constantValue(_ node: GraphNode) throws(InterchangeError) -> GraphConstant {
        guard node.attributes.count == 1, let (_, attribute) = node.attributes.first else {
            throw .malformed("\(node.words) needs one attribute with its value.")
        }
        switch attribute {
        case .tensor(let tensor):
            let contents = try tensor.contents.get()
            try charge(contents.count)
            return GraphConstant(contents)
        case .float(let value): return GraphConstant([], .floats([value]))
        case .integer(let value): return GraphConstant([], .integers([value]))
        case .integers(let values): return GraphConstant([values.count], .integers(values))
        case .floats(let bytes):
            let tensor = try ForeignTensor(.float32, [bytes.count / 4], bytes[...], node.words)
            return GraphConstant(tensor)
        case .text, .other: throw node.refused("has a value that is no tensor")
        }
    }

    /// Returns a constant of equal elements.
    private mutating func filled(_ node: GraphNode) throws(InterchangeError) -> GraphConstant {
        guard let shape = try constant(0, node)?.integers else {
            throw node.refused("has a shape that is not constant")
        }
        let count = try ForeignTensor.count(of: shape, node.words)
        try charge(count)
        guard case .tensor(let tensor)? = node.attributes["value"] else {
            return GraphConstant(shape, .floats([Float](repeating: 0, count: count)))
        }
        let element = GraphConstant(try tensor.contents.get())
        guard element.count == 1 else { throw .malformed("\(node.words) has a value of \(element.count) elements.") }
        switch element.elements {
        case .floats(let values): return GraphConstant(shape, .floats([Float](repeating: values[0], count: count)))
        case .integers(let values): return GraphConstant(shape, .integers([Int](repeating: values[0], count: count)))
        }
    }
}
