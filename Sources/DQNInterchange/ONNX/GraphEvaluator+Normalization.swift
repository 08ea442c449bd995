internal import DQNModel

extension GraphEvaluator {
    mutating func batchNormalization(_ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        try node.require("training_mode", 0)
        try node.require("is_test", 1)
        try node.require("spatial", 1)
        let flow = try flow(0, node)
        var parts: [[Double]] = []
        for index in 1...4 {
            guard let constant = try constant(index, node) else {
                throw .malformed("\(node.words) lacks its input \(index).")
            }
            parts.append(constant.floats.map(Double.init))
        }
        guard flow.shape.count >= 2, flow.shape[1] == .size(parts[0].count),
            parts.allSatisfy({ $0.count == parts[0].count })
        else { throw .malformed("\(node.words) has \(parts.map(\.count)) numbers for \(flow.words).") }
        let epsilon = Double(try node.float("epsilon") ?? 1e-5)
        let scale = zip(parts[0], parts[3]).map { $0 / ($1 + epsilon).squareRoot() }
        let shift = zip(parts[1], zip(parts[2], scale)).map { $0 - $1.0 * $1.1 }
        let shape = [parts[0].count] + [Int](repeating: 1, count: flow.shape.count - 2)
        note("Batch normalisations are made parts of the layers beside them, with the statistics of the training.")
        return try scaled(
            flow, try numbers(scale, shape, for: flow, node), try numbers(shift, shape, for: flow, node),
            "node\(node.index)")
    }

    mutating func layerNormalization(_ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        let input = try flow(0, node)
        let axis = try node.axis(try node.integer("axis") ?? -1, input.shape.count)
        guard input.shape[..<axis].allSatisfy({ $0 == .batch || $0 == .size(1) }) else {
            throw node.refused("normalises over a part of the elements, \(input.words) from axis \(axis),")
        }
        var flow = try normalized(input, Double(try node.float("epsilon") ?? 1e-5), node)
        guard let weight = try constant(1, node) else { throw .malformed("\(node.words) lacks its weight.") }
        let scale = try numbers(weight, for: flow, node)
        var shift = GraphNumbers.uniform(0)
        if let bias = try constant(2, node) { shift = try numbers(bias, for: flow, node) }
        flow = try scaled(flow, scale, shift, "node\(node.index)")
        return flow
    }

    /// Returns a flow after a layer normalisation without weights.
    mutating func normalized(
        _ input: GraphFlow, _ epsilon: Double, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        var source = try flushed(input)
        if abs(epsilon - NetworkArchitecture.layerNormEpsilon) > 1e-9 {
            guard epsilon > 0, epsilon < 1 else { throw node.refused("adds \(epsilon) to the variance") }
            // Outputs that are k times as large have a variance that is k² times as large.
            source = try multiplied(source, (NetworkArchitecture.layerNormEpsilon / epsilon).squareRoot(), node)
            note("Layer normalisations whose ε is not 10⁻⁵ are represented by a multiple of the outputs before them.")
        }
        guard source.affine == nil || source.layers.isEmpty else {
            throw node.refused("normalises outputs that were multiplied after their activation")
        }
        try charge(2 * source.count)
        let number = identity("norm \(source.layers.last?.identity ?? -1) \(source.affine?.identity ?? -1) \(epsilon)")
        let layer = GraphLayer(
            layer: .layerNorm(), weight: [Float](repeating: 1, count: source.count),
            bias: [Float](repeating: 0, count: source.count), shape: source.place, source: node.label,
            identity: number, base: number)
        let view = source.view
        var result = try append(layer, source.place, source.shape, to: source, node)
        result.view = view
        return result
    }

    /// Returns a flow whose outputs are multiplied by one positive number, within the last layer.
    private mutating func multiplied(
        _ flow: GraphFlow, _ factor: Double, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        if flow.layers.isEmpty { return try scaled(flow, .uniform(factor), .uniform(0), "norm\(factor)") }
        guard let last = flow.layers.last, flow.affine == nil, !last.weight.isEmpty,
            last.layer.activation == .relu || last.isLinear
        else {
            throw node.refused("adds another number than 10⁻⁵ to the variance of outputs that cannot be multiplied")
        }
        var linear = flow
        linear.layers[flow.layers.count - 1].layer.activation = .identity
        // Of a rectified unit, a positive multiple is that of its input.
        var result = try flushed(try scaled(linear, .uniform(factor), .uniform(0), "norm\(factor)"))
        result.layers[flow.layers.count - 1].layer.activation = last.layer.activation
        let number = identity("m\(last.identity) \(factor)")
        result.layers[flow.layers.count - 1].identity = number
        return result
    }

    /// Evaluates a mean: of all elements, of the rows and columns of an image, or of quantiles.
    mutating func mean(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let value = try input(0, node)
        let axes = try integers(1, orAttribute: "axes", node) ?? []
        let keepsAxes = try node.integer("keepdims") ?? 1 != 0
        switch value {
        case .squared(let flow), .flow(let flow):
            var places = Set<Int>()
            for axis in axes { places.insert(try node.axis(axis, flow.shape.count)) }
            if axes.isEmpty {
                if try node.integer("noop_with_empty_axes") ?? 0 != 0 { return value }
                places = Set(flow.shape.indices)
            }
            let others = flow.shape.indices.filter { !places.contains($0) }
            let ofAll = places.contains { flow.shape[$0] == .batch }
            let isOfEveryElement = others.allSatisfy { flow.shape[$0] == .size(1) || flow.shape[$0] == .batch }
            if case .squared = value {
                guard isOfEveryElement, !ofAll || batch == 1 else {
                    throw node.refused("takes a mean of squares over some axes of \(flow.words)")
                }
                return .variance(flow, epsilon: 0)
            }
            if isOfEveryElement { return .mean(flow, ofAll: ofAll) }
            if flow.shape.count == 4, places == [2, 3] {
                return .flow(try globalPooling(flow, isMaximum: false, keepsAxes: keepsAxes, node))
            }
            return try quantiles(flow, places, node)
        default: throw node.refused("takes a mean of \(value.words)")
        }
    }

    private mutating func quantiles(
        _ input: GraphFlow, _ places: Set<Int>, _ node: GraphNode
    ) throws(InterchangeError) -> GraphValue {
        let flow = try flushed(input)
        let sizes = flow.sizes.filter { $0 != 1 }
        guard places.count == 1, let place = places.first, case .size(let count) = flow.shape[place], sizes.count == 2,
            flow.view.isIdentity, let last = flow.layers.last, case .dense = last.layer.kind, last.isLinear,
            flow.affine == nil
        else { throw node.refused("takes a mean of some axes of \(flow.words)") }
        let isOutermost = !flow.shape[(place + 1)...].allSatisfy { $0 == .size(1) || $0 == .batch }
        return .quantiles(flow, quantiles: count, areOutermost: isOutermost)
    }
}
