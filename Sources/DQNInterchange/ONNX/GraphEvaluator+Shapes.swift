internal import DQNModel

/// Operations that change the form of a value alone.
extension GraphEvaluator {
    mutating func reshaping(_ node: GraphNode) throws(InterchangeError) -> GraphValue {
        let value = try input(0, node)
        switch value {
        case .flow(let flow): return .flow(try reshaped(flow, node))
        case .constant(let constant): return .constant(try reshaped(constant, node))
        case .extents(let extents, let isScalar):
            switch node.operation {
            case "Squeeze" where extents.count == 1: return .extents(extents, isScalar: true)
            case "Unsqueeze" where isScalar: return .extents(extents, isScalar: false)
            case "Reshape": return .extents(extents, isScalar: false)
            default: throw node.refused("changes the form of a shape")
            }
        case .padded: throw node.refused("changes the form of \(value.words)")
        default:
            guard node.operation != "Transpose" else { throw node.refused("transposes \(value.words)") }
            return try reshaped(value, node)
        }
    }

    /// Returns values that are computed element by element, in a new form that differs by axes of one element alone.
    private mutating func reshaped(_ value: GraphValue, _ node: GraphNode) throws(InterchangeError) -> GraphValue {
        func form(_ flow: GraphFlow) throws(InterchangeError) -> GraphFlow {
            let result = try reshaped(flow, node)
            guard result.sizes.filter({ $0 != 1 }) == flow.sizes.filter({ $0 != 1 }) else {
                throw node.refused("changes the form of \(value.words)")
            }
            return result
        }
        switch value {
        case .centred(let flow, let ofAll): return .centred(try form(flow), ofAll: ofAll)
        case .squared(let flow): return .squared(try form(flow))
        case .sum(let value, let advantage): return .sum(value: value, advantage: try form(advantage))
        case .dueling(let value, let advantage, let ofAll):
            return .dueling(value: value, advantage: try form(advantage), ofAll: ofAll)
        case .errorFunction(let flow, let scale, let shift):
            return .errorFunction(try form(flow), scale: scale, shift: shift)
        case .gated(let flow, let factor, let ratio):
            return .gated(try form(flow), factor: factor, ratio: ratio)
        case .probabilities(let flow): return .probabilities(try form(flow))
        // One number, or the end of the network: nothing here depends on its axes.
        default: return value
        }
    }

    private mutating func reshaped(
        _ constant: GraphConstant, _ node: GraphNode
    ) throws(InterchangeError) -> GraphConstant {
        var result = constant
        let rank = constant.shape.count
        switch node.operation {
        case "Transpose":
            let permutation = try self.permutation(node, rank)
            try charge(2 * constant.count)
            return constant.transposed(permutation)
        case "Flatten":
            let axis = try node.integer("axis") ?? 1
            guard (-rank...rank).contains(axis) else { throw .malformed("\(node.words) has the axis \(axis).") }
            let cut = axis < 0 ? axis + rank : axis
            result.shape = [constant.shape[..<cut].reduce(1, *), constant.shape[cut...].reduce(1, *)]
        case "Squeeze":
            let axes = try axes(1, node, rank)
            let kept = constant.shape.indices.filter { axis in
                axes.map { !$0.contains(axis) } ?? (constant.shape[axis] != 1)
            }
            result.shape = kept.map { constant.shape[$0] }
        case "Unsqueeze": result.shape = try unsqueezed(constant.shape, 1, node)
        case "Expand":
            guard let target = try self.constant(1, node)?.integers, target.count <= 8 else {
                throw node.refused("repeats a constant as often as is computed")
            }
            result.shape = try broadcast(constant.shape, target, node)
            guard try ForeignTensor.count(of: result.shape, node.words) == constant.count else {
                throw node.refused("repeats a constant")
            }
        default:
            guard var target = try self.constant(1, node)?.integers, target.count <= 8 else {
                throw node.refused("gives a constant a form that is not constant")
            }
            if try node.integer("allowzero") ?? 0 == 0 {
                for index in target.indices where target[index] == 0 && index < rank {
                    target[index] = constant.shape[index]
                }
            }
            if let open = target.firstIndex(of: -1) {
                target[open] = 1
                let others = try ForeignTensor.count(of: target, node.words)
                target[open] = others == 0 ? 0 : constant.count / others
            }
            result.shape = target
        }
        guard try ForeignTensor.count(of: result.shape, node.words) == constant.count else {
            throw .malformed("\(node.words) gives \(constant.shape) the form \(result.shape).")
        }
        return result
    }

    /// Returns the shape that holds two shapes, the shorter one with axes of one element before it.
    private func broadcast(
        _ first: [Int], _ second: [Int], _ node: GraphNode
    ) throws(InterchangeError) -> [Int] {
        let rank = max(first.count, second.count)
        let (left, right) = (
            [Int](repeating: 1, count: rank - first.count) + first,
            [Int](repeating: 1, count: rank - second.count) + second
        )
        guard zip(left, right).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else {
            throw .malformed("\(node.words) gives \(first) the form \(second).")
        }
        return zip(left, right).map { $0 == 1 ? $1 : $0 }
    }

    private func permutation(_ node: GraphNode, _ rank: Int) throws(InterchangeError) -> [Int] {
        let permutation = try node.integers("perm") ?? Array((0..<rank).reversed())
        guard permutation.sorted() == Array(0..<rank) else {
            throw .malformed("\(node.words) transposes \(rank) axes by \(permutation).")
        }
        return permutation
    }

    /// Returns the axes of an attribute or an input; `nil` if the node has none.
    private mutating func axes(
        _ index: Int, _ node: GraphNode, _ rank: Int
    ) throws(InterchangeError) -> Set<Int>? {
        guard let axes = try integers(index, orAttribute: "axes", node) else { return nil }
        var result = Set<Int>()
        for axis in axes { result.insert(try node.axis(axis, rank)) }
        return result
    }

    private mutating func unsqueezed<Extent>(
        _ shape: [Extent], _ one: Extent, _ node: GraphNode
    ) throws(InterchangeError) -> [Extent] {
        let given = try integers(1, orAttribute: "axes", node) ?? []
        var places = Set<Int>()
        for axis in given { places.insert(try node.axis(axis, shape.count + given.count)) }
        guard places.count == given.count, shape.count + given.count <= 16 else {
            throw .malformed("\(node.words) inserts the axes \(given).")
        }
        var rest = shape[...]
        return (0..<(shape.count + given.count)).map { places.contains($0) ? one : rest.removeFirst() }
    }

    private mutating func reshaped(_ flow: GraphFlow, _ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        var result = flow
        let rank = flow.shape.count
        switch node.operation {
        case "Transpose":
            let permutation = try permutation(node, rank)
            // The places of the axes without that of the observations.
            let before = flow.shape.firstIndex(of: .batch)
            let sizes = permutation.filter { $0 != before }.map { axis in
                if let before, axis > before { axis - 1 } else { axis }
            }
            guard let view = flow.view.transposed(flow.sizes, sizes) else {
                throw node.refused("transposes what was reshaped across its axes")
            }
            result.view = view
            result.shape = permutation.map { flow.shape[$0] }
        case "Flatten":
            let axis = try node.integer("axis") ?? 1
            guard (-rank...rank).contains(axis) else { throw .malformed("\(node.words) has the axis \(axis).") }
            let cut = axis < 0 ? axis + rank : axis
            guard !flow.shape[cut...].contains(.batch) else { throw mixing(node) }
            func product(_ extents: ArraySlice<GraphExtent>) -> Int {
                extents.reduce(1) { if case .size(let size) = $1 { $0 * size } else { $0 } }
            }
            let before = product(flow.shape[..<cut])
            let isOfBatch = flow.shape[..<cut].contains(.batch)
            guard !isOfBatch || before == 1 else { throw mixing(node) }
            result.shape = [isOfBatch ? .batch : .size(before), .size(product(flow.shape[cut...]))]
        case "Squeeze":
            let axes = try axes(1, node, rank)
            var shape: [GraphExtent] = []
            for (axis, extent) in flow.shape.enumerated() {
                let isOne = extent == .size(1) || extent == .batch && batch == 1
                if axes?.contains(axis) ?? isOne {
                    guard isOne else { throw .malformed("\(node.words) removes an axis that has several elements.") }
                } else {
                    shape.append(extent)
                }
            }
            result.shape = shape
        case "Unsqueeze": result.shape = try unsqueezed(flow.shape, .size(1), node)
        case "Expand": result.shape = try expanded(flow, node)
        default:
            guard let (target, _) = try vector(try input(1, node)) else {
                throw node.refused("computes a form from the observation")
            }
            result.shape = try reshaped(flow, to: target, copiesZeros: try node.integer("allowzero") ?? 0 == 0, node)
        }
        return result
    }

    private func mixing(_ node: GraphNode) -> InterchangeError { node.refused("mixes several observations") }

    /// Returns the shape after an expansion. One number may stand for many: what adds it to others repeats it anyway.
    private mutating func expanded(_ flow: GraphFlow, _ node: GraphNode) throws(InterchangeError) -> [GraphExtent] {
        guard flow.count != 1 else { return flow.shape }
        guard let (target, _) = try vector(try input(1, node)), target.count == flow.shape.count else {
            throw node.refused("repeats elements")
        }
        for (extent, wanted) in zip(flow.shape, target) where wanted != .size(1) && wanted != extent {
            guard extent == .batch, wanted == .size(batch ?? -1) else { throw node.refused("repeats elements") }
        }
        return flow.shape
    }

    /// Returns a new shape, in which −1 is computed and 0 copied, and finds the axis of the observations in it.
    private func reshaped(
        _ flow: GraphFlow, to target: [GraphExtent], copiesZeros: Bool, _ node: GraphNode
    ) throws(InterchangeError) -> [GraphExtent] {
        var shape = target
        for index in shape.indices where copiesZeros && shape[index] == .size(0) && index < flow.shape.count {
            shape[index] = flow.shape[index]
        }
        guard shape.allSatisfy({ if case .size(let size) = $0 { size > 0 || size == -1 } else { true } }),
            shape.filter({ $0 == .size(-1) }).count <= 1, shape.filter({ $0 == .batch }).count <= 1
        else { throw .malformed("\(node.words) has an impossible form.") }
        let candidates: [[GraphExtent]]
        if !flow.shape.contains(.batch) || shape.contains(.batch) {
            candidates = [shape]
        } else if shape.first == .size(-1) || shape.first == .size(1) || shape.first == .size(batch ?? 1) {
            let withBatch = [GraphExtent.batch] + shape.dropFirst()
            // A graph for one observation may drop its axis.
            candidates = batch == 1 ? [withBatch, shape] : [withBatch]
        } else {
            candidates = batch == 1 ? [shape] : []
        }
        for candidate in candidates {
            if let filled = Self.filled(candidate, flow.count), Self.isBatchFirst(filled) { return filled }
        }
        throw mixing(node)
    }

    private static func filled(_ shape: [GraphExtent], _ count: Int) -> [GraphExtent]? {
        var product = 1
        for case .size(let size) in shape where size != -1 {
            let (next, overflows) = product.multipliedReportingOverflow(by: size)
            guard !overflows else { return nil }
            product = next
        }
        guard product > 0, count.isMultiple(of: product) else { return nil }
        guard let open = shape.firstIndex(of: .size(-1)) else { return product == count ? shape : nil }
        var result = shape
        result[open] = .size(count / product)
        return result
    }

    private static func isBatchFirst(_ shape: [GraphExtent]) -> Bool {
        guard let place = shape.firstIndex(of: .batch) else { return true }
        return shape[..<place].allSatisfy { $0 == .size(1) }
    }
}
