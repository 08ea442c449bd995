internal import DQNModel

/// Follows a graph from the observation to what it computes, without running it: constants are folded, and each node
/// becomes a part of a layer or of the head, or is refused by its name.
struct GraphEvaluator {
    typealias Node = ONNXModel.Node

    /// Layers of one path through the graph.
    private static let layerLimit = 4096

    let model: ONNXModel
    let file: String
    /// The number of observations that the graph is written for; `nil` for any.
    let batch: Int?
    private(set) var values: [String: GraphValue] = [:]
    private(set) var notes: [String] = []
    /// How many more numbers may be kept. A short file may repeat its tensors endlessly.
    private var budget: Int
    private var identities: [String: Int] = [:]

    /// - Parameters:
    ///   - input: The input's name and what it stands for.
    ///   - budget: How many numbers may be kept.
    init(_ model: ONNXModel, _ file: String, input: (name: String, flow: GraphFlow), batch: Int?, budget: Int) {
        self.model = model
        self.file = file
        self.batch = batch
        self.budget = budget
        values[input.name] = .flow(input.flow)
    }

    mutating func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }

    /// Accounts for numbers before they are computed.
    mutating func charge(_ count: Int) throws(InterchangeError) {
        guard count <= budget else {
            throw .malformed("\(file) describes far more numbers than it holds; that is no network that was trained.")
        }
        budget -= count
    }

    /// Accounts for a copy of a flow's layers, which each change of the last one makes.
    mutating func charge(copying flow: GraphFlow) throws(InterchangeError) { try charge(32 * flow.layers.count) }

    /// Returns a number that is equal only for equal texts.
    mutating func identity(_ text: String) -> Int {
        let next = identities.count
        return identities[text]
            ?? {
                identities[text] = next
                return next
            }()
    }

    /// Evaluates nodes in an order in which each follows those that it needs.
    mutating func evaluate(_ order: [Int]) throws(InterchangeError) {
        for index in order {
            let node = model.nodes[index]
            let results = try results(of: GraphNode(node, index, model.opset, file))
            for (name, value) in zip(node.outputs, results) where !name.isEmpty { values[name] = value }
        }
    }

    /// Returns the value of a name.
    mutating func value(_ name: String) throws(InterchangeError) -> GraphValue {
        if let value = values[name] { return value }
        guard let tensor = model.tensors[name] else {
            throw .malformed(
                "The graph of \(file) lacks the value \(name.quoted), or it is an output that has no use here, such as "
                    + "the indices of a pooling.")
        }
        let contents = try tensor.contents.get()
        try charge(contents.count)
        let value = GraphValue.constant(GraphConstant(contents))
        values[name] = value
        return value
    }

    /// Returns an input of a node, or `nil` if it is left out.
    mutating func optional(_ index: Int, _ node: GraphNode) throws(InterchangeError) -> GraphValue? {
        guard index < node.inputs.count, !node.inputs[index].isEmpty else { return nil }
        return try value(node.inputs[index])
    }

    /// Returns an input of a node.
    mutating func input(_ index: Int, _ node: GraphNode) throws(InterchangeError) -> GraphValue {
        guard let value = try optional(index, node) else {
            throw .malformed("\(node.words) lacks its input \(index).")
        }
        return value
    }

    /// Returns an input that must be layers.
    mutating func flow(_ index: Int, _ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        let value = try input(index, node)
        guard case .flow(let flow) = value else { throw node.refused("takes \(value.words) where layers are needed") }
        return flow
    }

    /// Returns an input that must be constant, or `nil` if it is left out.
    mutating func constant(_ index: Int, _ node: GraphNode) throws(InterchangeError) -> GraphConstant? {
        guard let value = try optional(index, node) else { return nil }
        guard case .constant(let constant) = value else {
            throw node.refused("computes its input \(index) from the observation")
        }
        return constant
    }

    /// Returns the number of a constant input that must be one, or `nil` if it is left out.
    mutating func number(_ index: Int, _ node: GraphNode) throws(InterchangeError) -> Float? {
        guard let constant = try constant(index, node) else { return nil }
        guard constant.count == 1 else { throw node.refused("has an input \(index) that is not one number") }
        return constant.floats[0]
    }

    /// Returns the integers of a constant input or, if the version has an attribute instead, of that.
    mutating func integers(
        _ index: Int, orAttribute name: String, _ node: GraphNode
    ) throws(InterchangeError) -> [Int]? {
        if let integers = try node.integers(name) { return integers }
        guard let constant = try constant(index, node) else { return nil }
        guard let integers = constant.integers, integers.count <= 64 else {
            throw node.refused("has an input \(index) that is no short list of integers")
        }
        return integers
    }

    /// Appends a layer to a flow.
    mutating func append(
        _ layer: GraphLayer, _ place: [Int], _ shape: [GraphExtent], to flow: GraphFlow, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        guard flow.layers.count < Self.layerLimit else {
            throw .notRepresentable("\(file) has more than \(Self.layerLimit) layers.")
        }
        let count = try ForeignTensor.count(of: place, "The output of \(node.words)")
        try charge(copying: flow)
        var result = flow
        if result.layers.isEmpty {
            result.inputAffine = flow.affine
            result.inputPlace = flow.place
        }
        result.affine = nil
        result.layers.append(layer)
        result.place = place
        result.shape = shape
        result.view = GraphView(count: count)
        return result
    }
}

/// A node with its place, as errors call it.
@dynamicMemberLookup struct GraphNode {
    private let node: ONNXModel.Node
    let index: Int
    let opset: Int
    let file: String

    init(_ node: ONNXModel.Node, _ index: Int, _ opset: Int, _ file: String) {
        self.node = node
        self.index = index
        self.opset = opset
        self.file = file
    }

    subscript<Value>(dynamicMember path: KeyPath<ONNXModel.Node, Value>) -> Value { node[keyPath: path] }

    /// The name, or the first output's.
    var label: String { node.name.isEmpty ? node.outputs.first ?? "" : node.name }

    var words: String { "Node \(label.quoted) (\(node.operation.quoted.dropFirst().dropLast())) of \(file)" }

    func refused(_ what: String) -> InterchangeError {
        .notRepresentable("\(words) \(what), which networks here do not have.")
    }

    private func wrong(_ name: String) -> InterchangeError {
        .malformed("\(words) has an attribute \(name.quoted) of another type.")
    }

    func integer(_ name: String) throws(InterchangeError) -> Int? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .integer(let value) = attribute else { throw wrong(name) }
        return value
    }

    func integers(_ name: String) throws(InterchangeError) -> [Int]? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .integers(let values) = attribute, values.count <= 64 else { throw wrong(name) }
        return values
    }

    func float(_ name: String) throws(InterchangeError) -> Float? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .float(let value) = attribute else { throw wrong(name) }
        return value
    }

    func text(_ name: String) throws(InterchangeError) -> String? {
        guard let attribute = node.attributes[name] else { return nil }
        guard case .text(let value) = attribute else { throw wrong(name) }
        return value
    }

    /// Requires an attribute to be absent or to have a value.
    func require(_ name: String, _ expected: Int) throws(InterchangeError) {
        if let value = try integer(name), value != expected { throw refused("has \(name) \(value)") }
    }

    /// Returns an axis counted from the front.
    func axis(_ axis: Int, _ rank: Int) throws(InterchangeError) -> Int {
        guard (-rank..<rank).contains(axis) else {
            throw .malformed("\(words) has the axis \(axis) of a value of \(rank) axes.")
        }
        return axis < 0 ? axis + rank : axis
    }
}
