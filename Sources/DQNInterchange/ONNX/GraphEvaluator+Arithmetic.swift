internal import DQNModel

/// Additions and multiplications: of constants, of a constant and layers, and of the parts of heads and activations.
extension GraphEvaluator {
    mutating func arithmetic(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let (left, right) = (try input(0, node), try input(1, node))
        if let value = try shapeArithmetic(left, right, node) { return value }
        switch (left, right) {
        case (.constant(let first), .constant(let second)): return .constant(try computed(first, second, node))
        case (.flow(let flow), .constant(let constant)):
            return .flow(try combined(flow, constant, constantIsFirst: false, node))
        case (.constant(let constant), .flow(let flow)):
            return .flow(try combined(flow, constant, constantIsFirst: true, node))
        default: break
        }
        let value: GraphValue?
        switch node.operation {
        case "Add":
            if let sum = try sum(left, right, node) { return sum }
            value = try sum(right, left, node)
            if value == nil, case .flow(let first) = left, case .flow(let second) = right,
                !first.layers.isEmpty || !second.layers.isEmpty
            {
                throw node.refused("adds outputs of two layers, as residual connections do")
            }
        case "Sub": value = difference(left, right)
        case "Mul":
            if let product = try product(left, right, node) { return product }
            value = try product(right, left, node)
        default: value = try quotient(left, right, node)
        }
        guard let value else {
            throw node.refused("combines \(left.words) and \(right.words)")
        }
        return value
    }

    /// Computes with constants.
    private mutating func computed(
        _ first: GraphConstant, _ second: GraphConstant, _ node: GraphNode
    ) throws(InterchangeError) -> GraphConstant {
        let shape = first.count >= second.count ? first.shape : second.shape
        guard first.shape == second.shape || first.count == 1 || second.count == 1 else {
            throw node.refused("computes with constants of \(first.shape) and \(second.shape)")
        }
        let (a, b) = (first.floats, second.floats)
        let count = max(a.count, b.count)
        guard !a.isEmpty, !b.isEmpty else { throw .malformed("\(node.words) has an input without elements.") }
        try charge(3 * count)
        let isWhole = first.integers != nil && second.integers != nil && node.operation != "Div"
        let values = (0..<count).map { index in
            let (x, y) = (a[a.count == 1 ? 0 : index], b[b.count == 1 ? 0 : index])
            return switch node.operation {
            case "Add": x + y
            case "Sub": x - y
            case "Mul": x * y
            default: x / y
            }
        }
        return GraphConstant(shape, isWhole ? .integers(values.map { Int(exactly: $0) ?? 0 }) : .floats(values))
    }

    /// Multiplies the outputs of layers by constants, or adds to them.
    private mutating func combined(
        _ flow: GraphFlow, _ constant: GraphConstant, constantIsFirst: Bool, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        var flow = flow
        // A constant of more axes gives the result more axes.
        while flow.shape.count < constant.shape.count {
            guard constant.shape[constant.shape.count - flow.shape.count - 1] == 1 else {
                throw node.refused("combines \(flow.words) with a constant of \(constant.shape)")
            }
            flow.shape.insert(.size(1), at: 0)
        }
        let values = try numbers(constant, for: flow, node)
        let operation = "node\(node.index)"
        switch node.operation {
        case "Add": return try scaled(flow, .uniform(1), values, operation)
        case "Sub":
            return constantIsFirst
                ? try scaled(flow, .uniform(-1), values, operation)
                : try scaled(flow, .uniform(1), values.map { -$0 }, operation)
        case "Mul": return try scaled(flow, values, .uniform(0), operation)
        default:
            guard !constantIsFirst else { throw node.refused("divides by outputs of layers") }
            guard values.allSatisfy({ $0 != 0 }) else { throw .malformed("\(node.words) divides by zero.") }
            return try scaled(flow, values.map { 1 / $0 }, .uniform(0), operation)
        }
    }

    /// Returns a sum, tried with the operands in this order.
    private mutating func sum(
        _ left: GraphValue, _ right: GraphValue, _ node: GraphNode
    ) throws(InterchangeError) -> GraphValue? {
        switch (left, right) {
        case (.flow(let value), .flow(let advantage)) where value.count == 1 && advantage.count > 1:
            return .sum(value: value, advantage: advantage)
        case (.flow(let value), .centred(let advantage, let ofAll)) where value.count == 1:
            return .dueling(value: value, advantage: advantage, ofAll: ofAll)
        case (.rest(let value, let advantage, let ofAll), .flow(let flow)) where flow.isEqual(to: advantage):
            return .dueling(value: value, advantage: advantage, ofAll: ofAll)
        case (.variance(let flow, let epsilon), .constant(let constant)) where constant.count == 1:
            return .variance(flow, epsilon: epsilon + Double(constant.floats[0]))
        case (.errorFunction(let flow, let scale, let shift), .constant(let constant)) where constant.count == 1:
            return .errorFunction(flow, scale: scale, shift: shift + Double(constant.floats[0]))
        default: return nil
        }
    }

    private func difference(_ left: GraphValue, _ right: GraphValue) -> GraphValue? {
        switch (left, right) {
        case (.flow(let flow), .mean(let mean, let ofAll)):
            if flow.isEqual(to: mean) { return .centred(flow, ofAll: ofAll) }
            return flow.count == 1 ? .rest(value: flow, advantage: mean, ofAll: ofAll) : nil
        case (.flow(let flow), .logarithm(let other)) where flow.isEqual(to: other): return .probabilities(flow)
        case (.sum(let value, let advantage), .mean(let mean, let ofAll)) where mean.isEqual(to: advantage):
            return .dueling(value: value, advantage: advantage, ofAll: ofAll)
        default: return nil
        }
    }

    /// Returns a product, tried with the operands in this order.
    private mutating func product(
        _ left: GraphValue, _ right: GraphValue, _ node: GraphNode
    ) throws(InterchangeError) -> GraphValue? {
        switch (left, right) {
        case (.centred(let first, let ofAll), .centred(let second, let alsoOfAll))
        where first.isEqual(to: second) && isOfOne(ofAll || alsoOfAll):
            return .squared(first)
        case (.centred(let flow, let ofAll), .deviation(let other, let epsilon, isInverse: true))
        where flow.isEqual(to: other) && isOfOne(ofAll):
            return .flow(try normalized(flow, epsilon, node))
        case (.flow(let flow), .flow(let gate)): return try silu(flow, gate).map { .flow($0) }
        case (.errorFunction(let flow, let scale, let shift), .constant(let constant)) where constant.count == 1:
            let factor = Double(constant.floats[0])
            return .errorFunction(flow, scale: scale * factor, shift: shift * factor)
        case (.flow(let flow), .errorFunction(let inner, let scale, let shift)) where scale != 0 && scale == shift:
            guard let ratio = try ratio(inner, flow) else { return nil }
            return try gelu(flow, factor: scale, ratio: ratio)
        case (.gated(let flow, let factor, let ratio), .constant(let constant)) where constant.count == 1:
            return try gelu(flow, factor: factor * Double(constant.floats[0]), ratio: ratio)
        default: return nil
        }
    }

    private mutating func quotient(
        _ left: GraphValue, _ right: GraphValue, _ node: GraphNode
    ) throws(InterchangeError) -> GraphValue? {
        switch (left, right) {
        case (.centred(let flow, let ofAll), .deviation(let other, let epsilon, isInverse: false))
        where flow.isEqual(to: other) && isOfOne(ofAll):
            return .flow(try normalized(flow, epsilon, node))
        case (.constant(let constant), .deviation(let flow, let epsilon, isInverse: false))
        where constant.count == 1 && constant.floats[0] == 1:
            return .deviation(flow, epsilon: epsilon, isInverse: true)
        case (.errorFunction, .constant(let constant)), (.gated, .constant(let constant)):
            guard constant.count == 1, constant.floats[0] != 0 else { return nil }
            return try product(left, .constant(GraphConstant([], .floats([1 / constant.floats[0]]))), node)
        default: return nil
        }
    }

    /// Whether a mean is that of one observation, as layer normalisations need.
    private func isOfOne(_ ofAll: Bool) -> Bool { !ofAll || batch == 1 }

    mutating func unary(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let value = try input(0, node)
        switch (node.operation, value) {
        case ("Neg", .flow(let flow)):
            return .flow(try scaled(flow, .uniform(-1), .uniform(0), "node\(node.index)"))
        case ("Pow", .centred(let flow, let ofAll)) where isOfOne(ofAll):
            guard let exponent = try constant(1, node), exponent.count == 1, exponent.floats[0] == 2 else { break }
            return .squared(flow)
        case ("Sqrt", .variance(let flow, let epsilon)):
            return .deviation(flow, epsilon: epsilon, isInverse: false)
        case ("Reciprocal", .deviation(let flow, let epsilon, isInverse: false)):
            return .deviation(flow, epsilon: epsilon, isInverse: true)
        case ("Erf", .flow(let flow)): return .errorFunction(flow, scale: 1, shift: 0)
        case (_, .constant(var constant)):
            try charge(2 * constant.count)
            var exponent: Float?
            if node.operation == "Pow" {
                guard let powers = try self.constant(1, node), powers.count == 1, [0.5, 2].contains(powers.floats[0])
                else { throw node.refused("has exponents that are not one of 0.5 and 2") }
                exponent = powers.floats[0]
            }
            let values = constant.floats.map { (value: Float) -> Float in
                switch node.operation {
                case "Neg": -value
                case "Sqrt": value.squareRoot()
                case "Reciprocal": 1 / value
                case "Pow" where exponent == 2: value * value
                case "Pow" where exponent == 0.5: value.squareRoot()
                default: .nan
                }
            }
            constant.elements = .floats(values)
            return .constant(constant)
        default: break
        }
        throw node.refused("is applied to \(value.words)")
    }
}
