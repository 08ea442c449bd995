internal import DQNModel

extension GraphEvaluator {
    /// Makes what is still to be done to the outputs a part of the last layer, if that is linear.
    mutating func flushed(_ flow: GraphFlow) throws(InterchangeError) -> GraphFlow {
        guard let affine = flow.affine, var layer = flow.layers.last, layer.isLinear else { return flow }
        let plane = flow.plane
        if case .convolution = layer.layer.kind {
            // A convolution has one bias for each channel.
            if case .elements = affine.scale { return flow }
            if case .elements = affine.shift { return flow }
        }
        try charge(layer.weight.count + layer.bias.count)
        try charge(copying: flow)
        let width = layer.bias.isEmpty ? 0 : layer.weight.count / layer.bias.count
        for row in layer.bias.indices {
            // The biases of a convolution are those of its channels; others have one for each element.
            let element = layer.bias.count == flow.count ? row : row * plane
            let scale = affine.scale.number(element, plane: plane)
            if scale != 1 {
                for column in 0..<width {
                    layer.weight[row * width + column] = Float(Double(layer.weight[row * width + column]) * scale)
                }
            }
            let product = Double(layer.bias[row]) * scale
            let shift = affine.shift.number(element, plane: plane)
            // A sum of zeros would lose their signs.
            layer.bias[row] = Float(product == 0 ? shift : product + shift)
        }
        layer.identity = identity("f\(layer.identity) \(affine.identity)")
        layer.base = layer.identity
        var result = flow
        result.layers[result.layers.count - 1] = layer
        result.affine = nil
        return result
    }

    mutating func gemm(_ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        try node.require("transA", 0)
        guard let weight = try constant(1, node), weight.shape.count == 2 else {
            throw node.refused("has no weight of two axes")
        }
        let isOutputsFirst = try node.integer("transB") ?? 0 != 0
        let alpha = Double(try node.float("alpha") ?? 1)
        let beta = Double(try node.float("beta") ?? 1)
        var result = try dense(try flow(0, node), weight, isOutputsFirst: isOutputsFirst, node)
        if alpha != 1 { result = try scaled(result, .uniform(alpha), .uniform(0), "alpha\(node.index)") }
        if let bias = try constant(2, node), beta != 0 {
            let shift = try numbers(bias, for: result, node)
            result = try scaled(result, .uniform(1), shift.map { $0 * beta }, "beta\(node.index)")
        }
        return result
    }

    mutating func matMul(_ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        guard case .flow(let flow) = try input(0, node), case .constant(let weight) = try input(1, node) else {
            throw node.refused("multiplies matrices of which not only the second one is constant, as attention does")
        }
        guard weight.shape.count == 2 else { throw node.refused("has a weight of the shape \(weight.shape)") }
        return try dense(flow, weight, isOutputsFirst: false, node)
    }

    /// Returns a flow after a dense layer without a bias.
    mutating func dense(
        _ input: GraphFlow, _ constant: GraphConstant, isOutputsFirst: Bool, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        let (inputs, outputs) =
            isOutputsFirst ? (constant.shape[1], constant.shape[0]) : (constant.shape[0], constant.shape[1])
        guard input.shape.last == .size(inputs), input.count == inputs, inputs > 0, outputs > 0 else {
            guard input.shape.last == .size(inputs) else {
                throw .malformed("\(node.words) takes \(inputs) elements and is given \(input.words).")
            }
            throw node.refused("takes each of several rows of an observation (\(input.words)) alone")
        }
        let source = try flushed(input)
        try charge(2 * constant.count)
        var weight = isOutputsFirst ? constant.floats : constant.transposed([1, 0]).floats
        if !source.view.isIdentity {
            let places = source.view.indices()
            var moved = weight
            for row in 0..<outputs {
                for column in 0..<inputs { moved[row * inputs + places[column]] = weight[row * inputs + column] }
            }
            weight = moved
        }
        var bias = [Float](repeating: 0, count: outputs)
        if !source.layers.isEmpty, let affine = source.affine {
            let plane = source.plane
            for row in 0..<outputs {
                var sum = 0.0
                for column in 0..<inputs {
                    let value = Double(weight[row * inputs + column])
                    sum += value * affine.shift.number(column, plane: plane)
                    weight[row * inputs + column] = Float(value * affine.scale.number(column, plane: plane))
                }
                bias[row] = Float(sum)
            }
        }
        let number = identity("node\(node.index)")
        let layer = GraphLayer(
            layer: .dense(units: outputs, activation: .identity), weight: weight, bias: bias,
            shape: [outputs, inputs], source: node.label, identity: number, base: number)
        return try append(layer, [outputs], input.shape.dropLast() + [.size(outputs)], to: source, node)
    }

    /// Returns a flow whose outputs are multiplied and added to.
    ///
    /// - Parameter operation: A text that only equal operations share.
    mutating func scaled(
        _ flow: GraphFlow, _ scale: GraphNumbers, _ shift: GraphNumbers, _ operation: String
    ) throws(InterchangeError) -> GraphFlow {
        var result = flow
        guard let before = flow.affine else {
            result.affine = GraphAffine(scale: scale, shift: shift, identity: identity("a \(operation)"))
            return result
        }
        let (plane, count) = (flow.plane, flow.count)
        // Two lists of twice the width are made.
        try charge(4 * ([scale, shift, before.scale, before.shift].map { $0.count(of: count) }.max() ?? 0))
        result.affine = GraphAffine(
            scale: before.scale.combined(scale, plane: plane, count: count, *),
            shift: before.shift.combined(scale, plane: plane, count: count, *)
                .combined(shift, plane: plane, count: count, +),
            identity: identity("a\(before.identity) \(operation)"))
        return result
    }

    /// Returns a constant as numbers for the elements of a flow.
    mutating func numbers(
        _ constant: GraphConstant, for flow: GraphFlow, _ node: GraphNode
    ) throws(InterchangeError) -> GraphNumbers {
        try charge(constant.count == 1 ? 0 : 2 * constant.count)
        return try numbers(constant.floats.map(Double.init), constant.shape, for: flow, node)
    }

    mutating func numbers(
        _ values: [Double], _ shape: [Int], for flow: GraphFlow, _ node: GraphNode
    ) throws(InterchangeError) -> GraphNumbers {
        if values.count == 1 { return .uniform(values[0]) }
        guard !values.isEmpty else { throw .malformed("\(node.words) has an input without elements.") }
        // The axes of the constant are the last ones of the flow.
        var extents = [Int](repeating: 1, count: max(flow.shape.count - shape.count, 0)) + shape
        while extents.count > flow.shape.count, extents.first == 1 { extents.removeFirst() }
        guard extents.count == flow.shape.count else {
            throw node.refused("combines \(flow.words) with a constant of \(shape)")
        }
        var sizes: [(size: Int, extent: Int)] = []
        for (extent, number) in zip(flow.shape, extents) {
            switch extent {
            case .batch: guard number == 1 else { throw node.refused("treats observations differently") }
            case .size(let size):
                guard number == 1 || number == size else {
                    throw node.refused("combines \(flow.words) with a constant of \(shape)")
                }
                sizes.append((size, number))
            }
        }
        let varying = sizes.indices.filter { sizes[$0].extent > 1 }
        if varying.count == 1, flow.place.count == 3, let groups = flow.view.groups(of: sizes.map(\.size)),
            groups[varying[0]] == [.init(extent: flow.place[0], stride: flow.plane)]
        {
            return .channels(values)
        }
        try charge(2 * flow.count)
        var sources = [0]
        var step = values.count
        for (size, extent) in sizes {
            step /= extent
            sources = sources.flatMap { source in (0..<size).map { source + (extent == 1 ? 0 : $0 * step) } }
        }
        var result = [Double](repeating: 0, count: flow.count)
        for (place, source) in zip(flow.view.indices(), sources) { result[place] = values[source] }
        return .elements(result)
    }
}

extension GraphFlow {
    /// The shape as errors show it.
    var words: String {
        let parts = shape.map { if case .size(let size) = $0 { "\(size)" } else { "N" } }
        return "[\(parts.joined(separator: ", "))]"
    }
}
