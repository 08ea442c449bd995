internal import DQNModel

extension GraphEvaluator {
    private typealias Activation = NetworkArchitecture.Activation

    mutating func activation(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let value = try input(0, node)
        // Some graphs compute the logits of one, and choose among them afterwards.
        if node.operation == "Max", case .constant = value, node.inputs.count == 2 {
            return try rectified(try input(1, node), value, node)
        }
        guard case .flow(let flow) = value else { throw node.refused("is applied to \(value.words)") }
        switch node.operation {
        case "Relu": return .flow(try activated(flow, .relu, node))
        case "Tanh": return .flow(try activated(flow, .tanh, node))
        case "Sigmoid": return .flow(try activated(flow, .sigmoid, node))
        case "Elu", "Celu":
            let alpha = try node.float("alpha") ?? 1
            guard alpha == 1 else { throw node.refused("has alpha \(alpha)") }
            return .flow(try activated(flow, .elu, node))
        case "Gelu":
            let approximation = try node.text("approximate") ?? "none"
            guard approximation == "none" else { throw node.refused("is approximated by \(approximation)") }
            return .flow(try activated(flow, .gelu, node))
        case "Swish":
            let alpha = try node.float("alpha") ?? 1
            guard alpha == 1 else { throw node.refused("has alpha \(alpha)") }
            return .flow(try activated(flow, .silu, node))
        case "Max":
            guard node.inputs.count == 2 else { throw node.refused("has \(node.inputs.count) inputs") }
            return try rectified(value, try input(1, node), node)
        default: return try clipped(flow, node)
        }
    }

    private mutating func rectified(
        _ value: GraphValue, _ bound: GraphValue, _ node: GraphNode
    ) throws(InterchangeError) -> GraphValue {
        guard case .flow(let flow) = value, case .constant(let constant) = bound else {
            throw node.refused("combines \(value.words) and \(bound.words)")
        }
        try charge(constant.count)
        guard constant.count > 0, constant.floats.allSatisfy({ $0 == 0 }) else {
            throw node.refused("compares layers with numbers that are not 0")
        }
        return .flow(try activated(flow, .relu, node))
    }

    private mutating func clipped(_ flow: GraphFlow, _ node: GraphNode) throws(InterchangeError) -> GraphValue {
        var lower = -Float.infinity
        var upper = Float.infinity
        if let value = try node.float("min") { lower = value }
        if let value = try node.float("max") { upper = value }
        if let value = try number(1, node) { lower = value }
        if let value = try number(2, node) { upper = value }
        guard upper >= Float.greatestFiniteMagnitude else { throw node.refused("cuts off above \(upper)") }
        if lower == 0 { return .flow(try activated(flow, .relu, node)) }
        guard lower <= -Float.greatestFiniteMagnitude else { throw node.refused("cuts off below \(lower)") }
        return .flow(flow)
    }

    /// Returns a flow after an activation.
    private mutating func activated(
        _ input: GraphFlow, _ activation: Activation, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        var flow = try flushed(input)
        try charge(copying: flow)
        guard var layer = flow.layers.popLast() else { throw node.refused("is applied to the observation") }
        let isRepeated = activation == .relu && layer.layer.activation == .relu
        if isRepeated, let affine = flow.affine {
            guard affine.scale.allSatisfy({ $0 >= 0 }), affine.shift.allSatisfy({ $0 == 0 }) else {
                throw node.refused("follows another activation")
            }
        } else if flow.affine != nil {
            throw node.refused("follows outputs that were multiplied after their activation")
        }
        guard layer.layer.activation == .identity || isRepeated else {
            throw node.refused("follows another activation")
        }
        if !isRepeated {
            layer.layer.activation = activation
            layer.identity = identity("\(activation.rawValue) \(layer.base)")
        }
        flow.layers.append(layer)
        return flow
    }

    /// Returns x · sigmoid(x), if these are it.
    mutating func silu(_ input: GraphFlow, _ gate: GraphFlow) throws(InterchangeError) -> GraphFlow? {
        guard let sigmoid = gate.layers.last, sigmoid.layer.activation == .sigmoid, gate.affine == nil else {
            return nil
        }
        var flow = try flushed(input)
        try charge(copying: flow)
        guard var layer = flow.layers.popLast(), layer.identity == sigmoid.base, flow.affine == nil,
            layer.layer.activation == .identity, flow.view == gate.view
        else { return nil }
        layer.layer.activation = .silu
        layer.identity = identity("silu \(layer.base)")
        flow.layers.append(layer)
        return flow
    }

    /// Returns factor · y · (erf(ratio · y) + 1), as an activation if it is one.
    mutating func gelu(_ input: GraphFlow, factor: Double, ratio: Double) throws(InterchangeError) -> GraphValue {
        let wanted = 0.5.squareRoot()
        // y is x or a half of it.
        for part in [1.0, 0.5] where abs(ratio * part - wanted) < 1e-5 && abs(factor * part - 0.5) < 1e-5 {
            var flow = input
            if part != 1 { flow = try scaled(flow, .uniform(1 / part), .uniform(0), "gelu") }
            flow = try flushed(flow)
            try charge(copying: flow)
            guard var layer = flow.layers.popLast(), layer.layer.activation == .identity, flow.affine == nil else {
                break
            }
            layer.layer.activation = .gelu
            layer.identity = identity("gelu \(layer.base)")
            flow.layers.append(layer)
            return .flow(flow)
        }
        return .gated(input, factor: factor, ratio: ratio)
    }

    /// Returns how many times as large one flow is as another, or `nil` if it is no multiple of it.
    mutating func ratio(_ left: GraphFlow, _ right: GraphFlow) throws(InterchangeError) -> Double? {
        guard let last = left.layers.last, last.identity == right.layers.last?.identity, left.view == right.view,
            last.layer.activation == .identity
        else { return nil }
        let (first, second) = (left.affine ?? GraphAffine(identity: -1), right.affine ?? GraphAffine(identity: -1))
        // Numbers that only differ between channels are compared once for each.
        let all = [first.scale, first.shift, second.scale, second.shift]
        let areElements = all.contains { if case .elements = $0 { true } else { false } }
        let plane = areElements ? left.plane : 1
        let count = all.allSatisfy(\.isUniform) ? 1 : areElements ? left.count : left.place[0]
        try charge(16 * count)
        func pairs(_ first: GraphNumbers, _ second: GraphNumbers) -> [(Double, Double)] {
            if case (.uniform(let a), .uniform(let b)) = (first, second) { return [(a, b)] }
            return (0..<count).map { (first.number($0, plane: plane), second.number($0, plane: plane)) }
        }
        let compared = pairs(first.scale, second.scale) + pairs(first.shift, second.shift)
        guard let (a, b) = compared.first(where: { $0.1 != 0 }) else { return nil }
        let ratio = a / b
        return compared.allSatisfy { abs($0.0 - ratio * $0.1) <= 1e-5 * abs($0.0) } ? ratio : nil
    }

    mutating func softmax(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let value = try input(0, node)
        // That of a logarithm of probabilities is the probabilities.
        if case .probabilities = value, node.operation != "ReduceLogSumExp" { return value }
        let flow = try flow(0, node)
        var axis = try node.integer("axis") ?? (node.opset < 13 ? 1 : -1)
        if node.operation == "ReduceLogSumExp" {
            guard let axes = try integers(1, orAttribute: "axes", node), axes.count == 1 else {
                throw node.refused("sums over several axes")
            }
            axis = axes[0]
        }
        axis = try node.axis(axis, flow.shape.count)
        guard flow.shape[axis] == .size(flow.count) else {
            throw node.refused("is applied to a part of \(flow.words), as distributions of returns need")
        }
        return node.operation == "ReduceLogSumExp" ? .logarithm(flow) : .probabilities(flow)
    }

    mutating func argMax(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let value = try input(0, node)
        let axis = try node.integer("axis") ?? 0
        switch value {
        case .flow(let flow), .probabilities(let flow), .dueling(_, let flow, _), .sum(_, let flow):
            guard flow.shape[try node.axis(axis, flow.shape.count)] == .size(flow.count) else {
                throw node.refused("chooses among a part of \(flow.words)")
            }
        case .quantiles: guard axis == 1 || axis == -1 else { throw node.refused("chooses among observations") }
        default: throw node.refused("chooses among \(value.words)")
        }
        return .action(value)
    }
}
