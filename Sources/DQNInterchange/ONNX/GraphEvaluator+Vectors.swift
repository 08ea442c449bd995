internal import DQNModel

/// Shapes and numbers of shapes, as graphs compute them for a reshape.
extension GraphEvaluator {
    /// Returns a short list of integers, or `nil` if a value is none.
    mutating func vector(_ value: GraphValue) throws(InterchangeError) -> (extents: [GraphExtent], isScalar: Bool)? {
        switch value {
        case .extents(let extents, let isScalar): return (extents, isScalar)
        case .constant(let constant):
            guard constant.shape.count <= 1, let integers = constant.integers, integers.count <= 64 else { return nil }
            return (integers.map { .size($0) }, constant.shape.isEmpty)
        default: return nil
        }
    }

    /// Returns integers as a constant, if none is the number of observations.
    func value(_ extents: [GraphExtent], isScalar: Bool) -> GraphValue {
        guard !extents.contains(.batch) else { return .extents(extents, isScalar: isScalar) }
        let sizes = extents.compactMap { if case .size(let size) = $0 { size } else { nil as Int? } }
        return .constant(GraphConstant(isScalar ? [] : [sizes.count], .integers(sizes)))
    }

    /// Evaluates an operation on a shape, or on a part of the last layer's outputs.
    mutating func shapeOperation(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        switch node.operation {
        case "Shape":
            let shape: [GraphExtent]
            switch try input(0, node) {
            case .flow(let flow), .centred(let flow, _), .dueling(_, let flow, _):
                shape = flow.shape
            case .constant(let constant): shape = constant.shape.map { .size($0) }
            case .extents(let extents, let isScalar): shape = isScalar ? [] : [.size(extents.count)]
            case let value: throw node.refused("asks for the shape of \(value.words)")
            }
            let bounds = try bounds(try node.integer("start") ?? 0, try node.integer("end") ?? shape.count, shape.count)
            return value(Array(shape[bounds]), isScalar: false)
        case "Concat": return try concatenation(node)
        case "Gather": return try gather(node)
        case "Slice": return try slice(node)
        case "Equal": return try comparison(node)
        case "Where": return try choice(node)
        case "ReduceProd":
            guard let (extents, _) = try vector(try input(0, node)) else { throw node.refused("multiplies elements") }
            return value([try product(extents, node)], isScalar: try node.integer("keepdims") == 0)
        default: throw node.refused("is an operator")
        }
    }

    private func product(_ extents: [GraphExtent], _ node: GraphNode) throws(InterchangeError) -> GraphExtent {
        let others = extents.filter { $0 != .size(1) }
        if others.count == 1 { return others[0] }
        var product = 1
        for extent in others {
            guard case .size(let size) = extent else { throw node.refused("mixes several observations") }
            let (next, overflows) = product.multipliedReportingOverflow(by: size)
            guard !overflows else { throw .malformed("\(node.words) has a result of more than 64 bits.") }
            product = next
        }
        return .size(product)
    }

    /// Computes with integers of shapes; `nil` if a value is none.
    mutating func shapeArithmetic(
        _ left: GraphValue, _ right: GraphValue, _ node: GraphNode
    ) throws(InterchangeError) -> GraphValue? {
        guard let first = try vector(left), let second = try vector(right) else { return nil }
        let count = max(first.extents.count, second.extents.count)
        var result: [GraphExtent] = []
        for index in 0..<count {
            guard first.extents.count == count || first.extents.count == 1,
                second.extents.count == count || second.extents.count == 1
            else { throw .malformed("\(node.words) has inputs of different lengths.") }
            let pair = (
                first.extents[first.extents.count == 1 ? 0 : index],
                second.extents[second.extents.count == 1 ? 0 : index]
            )
            if node.operation == "Mul" {
                result.append(try product([pair.0, pair.1], node))
                continue
            }
            guard case .size(let a) = pair.0, case .size(let b) = pair.1 else {
                throw node.refused("computes with the number of observations")
            }
            let (sum, overflows): (Int, Bool)
            switch node.operation {
            case "Add": (sum, overflows) = a.addingReportingOverflow(b)
            case "Sub": (sum, overflows) = a.subtractingReportingOverflow(b)
            default: (sum, overflows) = b == 0 ? (0, true) : a.dividedReportingOverflow(by: b)
            }
            guard !overflows else { throw .malformed("\(node.words) has a result of more than 64 bits.") }
            result.append(.size(sum))
        }
        return value(result, isScalar: first.isScalar && second.isScalar)
    }

    private mutating func concatenation(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        var extents: [GraphExtent] = []
        for index in node.inputs.indices {
            let value = try input(index, node)
            guard let (part, _) = try vector(value) else { throw node.refused("joins \(value.words)") }
            extents += part
            guard extents.count <= 64 else { throw .malformed("\(node.words) joins more than 64 numbers.") }
        }
        return value(extents, isScalar: false)
    }

    private mutating func gather(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let data = try input(0, node)
        guard let indices = try constant(1, node), let places = indices.integers, places.count <= 65_536,
            indices.shape.count <= 1
        else { throw node.refused("has indices that are no list of integers") }
        if case .flow(let flow) = data {
            let axis = try node.axis(try node.integer("axis") ?? 0, flow.shape.count)
            guard case .size(let size) = flow.shape[axis] else { throw node.refused("chooses among observations") }
            var rows: [Int] = []
            for place in places {
                guard (-size..<size).contains(place) else { throw .malformed("\(node.words) has the index \(place).") }
                rows.append(place < 0 ? place + size : place)
            }
            var result = try chosen(rows, axis, flow, node)
            if indices.shape.isEmpty { result.shape.remove(at: axis) }
            return .flow(result)
        }
        guard let (extents, _) = try vector(data) else { throw node.refused("chooses elements of \(data.words)") }
        var result: [GraphExtent] = []
        for place in places {
            guard (-extents.count..<extents.count).contains(place) else {
                throw .malformed("\(node.words) has the index \(place).")
            }
            result.append(extents[place < 0 ? place + extents.count : place])
        }
        return value(result, isScalar: indices.shape.isEmpty)
    }

    private func bounds(_ start: Int, _ end: Int, _ count: Int) throws(InterchangeError) -> Range<Int> {
        func place(_ value: Int) -> Int { min(max(value < 0 ? max(value, -count) + count : value, 0), count) }
        return place(start)..<max(place(end), place(start))
    }

    private mutating func slice(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let data = try input(0, node)
        guard let starts = try integers(1, orAttribute: "starts", node),
            let ends = try integers(2, orAttribute: "ends", node), starts.count == ends.count
        else { throw .malformed("\(node.words) needs starts and ends.") }
        let axes = try integers(3, orAttribute: "axes", node) ?? Array(starts.indices)
        let steps = try integers(4, orAttribute: "", node) ?? starts.map { _ in 1 }
        guard axes.count == starts.count, steps.allSatisfy({ $0 == 1 }), steps.count == starts.count else {
            throw node.refused("takes every other element")
        }
        if case (var extents, false)? = try vector(data) {
            for (start, end) in zip(starts, ends) { extents = Array(extents[try bounds(start, end, extents.count)]) }
            return value(extents, isScalar: false)
        }
        guard case .flow(var flow) = data else { throw node.refused("takes a part of \(data.words)") }
        for index in axes.indices {
            let axis = try node.axis(axes[index], flow.shape.count)
            guard case .size(let size) = flow.shape[axis] else {
                guard starts[index] == 0, ends[index] >= (batch ?? 1 << 31) - 1 || ends[index] == batch else {
                    throw node.refused("chooses among observations")
                }
                continue
            }
            let rows = try bounds(starts[index], ends[index], size)
            if rows == 0..<size { continue }
            try charge(2 * rows.count)
            flow = try chosen(Array(rows), axis, flow, node)
        }
        return .flow(flow)
    }

    mutating func split(_ node: GraphNode) throws(InterchangeError) -> [GraphValue] {
        let flow = try flow(0, node)
        let axis = try node.axis(try node.integer("axis") ?? 0, flow.shape.count)
        guard case .size(let size) = flow.shape[axis] else { throw node.refused("chooses among observations") }
        let parts =
            try integers(1, orAttribute: "split", node)
            ?? {
                let count = max(node.outputs.count, 1)
                let part = (size + count - 1) / count
                return (0..<count).map { min(part, max(size - $0 * part, 0)) }
            }()
        guard parts.count == node.outputs.count, parts.allSatisfy({ (1...size).contains($0) }),
            parts.reduce(0, +) == size
        else { throw .malformed("\(node.words) splits \(size) elements into \(parts).") }
        var results: [GraphValue] = []
        var start = 0
        for part in parts {
            try charge(2 * part)
            results.append(.flow(try chosen(Array(start..<(start + part)), axis, flow, node)))
            start += part
        }
        return results
    }

    /// Returns some of the outputs of the last layer, which must be dense.
    private mutating func chosen(
        _ rows: [Int], _ axis: Int, _ flow: GraphFlow, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        guard case .size(let size) = flow.shape[axis],
            rows.count != size || rows.enumerated().contains(where: { $0.offset != $0.element })
        else { return flow }
        // The identities hold the rows as text.
        try charge(8 * rows.count)
        var result = try flushed(flow)
        try charge(copying: result)
        guard var layer = result.layers.popLast(), case .dense = layer.layer.kind, result.affine == nil,
            size == flow.count, flow.view.isIdentity, !rows.isEmpty
        else { throw node.refused("takes a part of what is no dense layer's output") }
        let width = layer.weight.count / size
        try charge(rows.count * (width + 1))
        layer.weight = rows.flatMap { layer.weight[($0 * width)..<(($0 + 1) * width)] }
        layer.bias = rows.map { layer.bias[$0] }
        layer.shape = [rows.count, width]
        layer.layer.kind = .dense(units: rows.count)
        layer.identity = identity("r\(layer.identity) \(rows)")
        layer.base = identity("r\(layer.base) \(rows)")
        result.layers.append(layer)
        result.place = [rows.count]
        result.view = GraphView(count: rows.count)
        result.shape[axis] = .size(rows.count)
        return result
    }
}
