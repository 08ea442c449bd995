internal import DQNModel

/// Paddings that a graph has as nodes of their own, and comparisons of shapes.
extension GraphEvaluator {
    /// Evaluates a padding with zeros. It becomes a part of the convolution or the average pooling behind it.
    mutating func padding(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let mode = try node.text("mode") ?? "constant"
        guard mode == "constant" else { throw node.refused("pads by \(mode.quoted)") }
        guard let pads = try integers(1, orAttribute: "pads", node) else {
            throw .malformed("\(node.words) has no pads.")
        }
        let attribute = try node.float("value")
        let constant = try number(2, node)
        guard constant ?? attribute ?? 0 == 0 else {
            throw node.refused("pads with another number than 0")
        }
        let value = try input(0, node)
        if pads.allSatisfy({ $0 == 0 }) { return value }
        guard case .flow(let flow) = value, pads.count == 2 * flow.shape.count, try axesAreAll(node, flow) else {
            throw node.refused("pads \(value.words)")
        }
        let pairs = flow.shape.indices.map { (before: pads[$0], after: pads[$0 + flow.shape.count]) }
        guard pads.allSatisfy({ (0...1 << 20).contains($0) }) else { throw node.refused("has the pads \(pads)") }
        return .padded(flow, pairs.map { GraphPadding(before: $0.before, after: $0.after) })
    }

    private mutating func axesAreAll(_ node: GraphNode, _ flow: GraphFlow) throws(InterchangeError) -> Bool {
        guard let axes = try optional(3, node) else { return true }
        return try vector(axes)?.extents == flow.shape.indices.map { .size($0) }
    }

    /// Returns an input that may be padded: layers, and the padding of rows and columns.
    mutating func paddedFlow(
        _ index: Int, _ node: GraphNode
    ) throws(InterchangeError) -> (flow: GraphFlow, rows: GraphPadding, columns: GraphPadding) {
        let none = GraphPadding(before: 0, after: 0)
        guard case .padded(let flow, let pads) = try input(index, node) else {
            return (try self.flow(index, node), none, none)
        }
        guard pads.count == 4, pads[0] == none, pads[1] == none else {
            throw node.refused("takes an image whose channels or observations are padded")
        }
        return (flow, pads[2], pads[3])
    }

    /// Compares numbers of shapes. The number of observations equals none of them.
    mutating func comparison(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let (left, right) = (try input(0, node), try input(1, node))
        guard let first = try vector(left), let second = try vector(right),
            first.extents.count == second.extents.count || first.extents.count == 1 || second.extents.count == 1
        else { throw node.refused("compares \(left.words) and \(right.words)") }
        let count = max(first.extents.count, second.extents.count)
        let equal = (0..<count).map { index in
            first.extents[first.extents.count == 1 ? 0 : index] == second.extents[second.extents.count == 1 ? 0 : index]
                ? 1 : 0
        }
        return .constant(GraphConstant([count], .integers(equal)))
    }

    /// Chooses between numbers of shapes.
    mutating func choice(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let values = (try input(0, node), try input(1, node), try input(2, node))
        guard let conditions = try vector(values.0), let first = try vector(values.1), let second = try vector(values.2)
        else { throw node.refused("chooses between \(values.1.words) and \(values.2.words)") }
        let lists = [conditions.extents, first.extents, second.extents]
        let count = lists.map(\.count).max() ?? 0
        guard lists.allSatisfy({ $0.count == count || $0.count == 1 }) else {
            throw .malformed("\(node.words) has inputs of different lengths.")
        }
        func element(_ list: Int, _ index: Int) -> GraphExtent { lists[list][lists[list].count == 1 ? 0 : index] }
        return value(
            (0..<count).map { element(0, $0) == .size(0) ? element(2, $0) : element(1, $0) }, isScalar: false)
    }
}
