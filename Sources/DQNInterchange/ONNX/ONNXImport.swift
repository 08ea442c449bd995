internal import DQNCheckpoint
internal import DQNModel

/// Reads the network of a model.
struct ONNXImport {
    /// The most elements of an observation.
    private static let elementLimit = 1 << 25

    private let model: ONNXModel
    private let options: ImportOptions
    private let file: String
    private let byteCount: Int

    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    init(_ bytes: ArraySlice<UInt8>, _ options: ImportOptions, _ file: String) throws(InterchangeError) {
        model = try ONNXModel(bytes, file)
        self.options = options
        self.file = file
        byteCount = bytes.count
    }

    /// The policy with its description, or `nil` if the file was not exported from here.
    ///
    /// - Throws: ``InterchangeError``: `malformed`, `notRepresentable` or `ambiguous`.
    func described() throws(InterchangeError) -> DescribedPolicy? {
        guard let text = model.metadata[PolicyExport.descriptionKey] else { return nil }
        let document = try DescribedPolicy.document(Array(text.utf8), file)
        try DescribedPolicy.requireNothing(of: options, file)
        let network = try network(exported: document.architecture)
        guard network.architecture == document.architecture else {
            throw .malformed(
                "The graph of \(file) differs from its description; change both, or leave the description out.")
        }
        return DescribedPolicy(document: document, network: network)
    }

    /// The network that the graph computes.
    ///
    /// - Parameter exported: The network that it was exported from, if the file says so.
    /// - Throws: ``InterchangeError``: `malformed`, `notRepresentable` or `ambiguous`.
    func network(exported: NetworkArchitecture? = nil) throws(InterchangeError) -> ImportedNetwork {
        guard options.activation == nil, !options.map.keys.contains(where: { $0.hasPrefix("layers.") }) else {
            throw .ambiguous(
                "\(file) says its activations, strides and paddings itself; leave out --activation and --map layers.….")
        }
        let outputs = try outputs()
        let (order, inputs) = try order(outputs)
        guard let name = inputs.first else {
            throw .notRepresentable("The output \(outputs[0].quoted) of \(file) does not depend on an observation.")
        }
        guard inputs.count == 1, let port = model.inputs.first(where: { $0.name == name }) else {
            let names = inputs.prefix(8).map(\.quoted).joined(separator: ", ")
            throw .notRepresentable(
                "\(file) computes its outputs from several inputs, \(names); export the network from the observation alone."
            )
        }
        var failure: InterchangeError?
        for (hasBatch, isTurned) in try interpretations(port).flatMap({ [($0, false), ($0, true)] }) {
            do throws(InterchangeError) {
                guard let (flow, batch) = try observation(port, hasBatch: hasBatch, isTurned: isTurned) else {
                    continue
                }
                var evaluator = GraphEvaluator(
                    model, file, input: (name, flow), batch: batch, budget: 4 * byteCount + 1 << 20)
                let kept = try evaluate(outputs, order, &evaluator)
                var assembly = GraphAssembly(evaluator: evaluator, port: port, options: options, exported: exported)
                return try assembly.network(kept)
            } catch { failure = failure ?? error }
        }
        throw failure ?? .malformed("\(file) has no input.")
    }

    /// The names of the values that are the network's outputs.
    private func outputs() throws(InterchangeError) -> [String] {
        if let chosen = options.map["network"] {
            guard
                model.outputs.contains(where: { $0.name == chosen })
                    || model.nodes.contains(where: { $0.outputs.contains(chosen) })
            else {
                let names = model.outputs.prefix(8).map(\.name.quoted).joined(separator: ", ")
                throw .ambiguous("\(file) has no output or value \(chosen.quoted); it has the outputs \(names).")
            }
            return [chosen]
        }
        guard !model.outputs.isEmpty else { throw .malformed("The graph of \(file) has no outputs.") }
        guard model.outputs.count <= ONNXModel.Limit.outputs else {
            throw .ambiguous(
                "\(file) has \(model.outputs.count) outputs; choose one with --map network=NAME.")
        }
        return model.outputs.map(\.name)
    }

    /// Evaluates the nodes of each output and returns the outputs that the network is made of.
    ///
    /// If the graph chooses an action, an output that cannot be represented may be left out: what the action is chosen
    /// from is the policy. Graphs of other algorithms also have its probability.
    private func evaluate(
        _ outputs: [String], _ order: [[Int]], _ evaluator: inout GraphEvaluator
    ) throws(InterchangeError) -> [String] {
        var kept: [String] = []
        var failure: InterchangeError?
        var choosesAction = false
        for (output, nodes) in zip(outputs, order) {
            do throws(InterchangeError) {
                try evaluator.evaluate(nodes)
                if case .action = try evaluator.value(output) { choosesAction = true }
                kept.append(output)
            } catch {
                failure = failure ?? error
                evaluator.note("The output \(output.quoted) is left out: \(error.message)")
            }
        }
        if let failure, !choosesAction { throw failure }
        return kept
    }

    /// Returns the nodes that each value needs besides those before it, each after those that it needs, and the inputs
    /// that they need.
    private func order(_ wanted: [String]) throws(InterchangeError) -> (nodes: [[Int]], inputs: [String]) {
        var producers: [String: Int] = [:]
        for (index, node) in model.nodes.enumerated() {
            for output in node.outputs where !output.isEmpty { producers[output] = index }
        }
        let ports = Set(model.inputs.map(\.name))
        var isDone = [Bool?](repeating: nil, count: model.nodes.count)
        var nodes: [Int] = []
        var inputs: [String] = []
        var seen = Set<String>()
        func visit(_ name: String, _ stack: inout [(node: Int, next: Int)]) throws(InterchangeError) {
            guard let node = producers[name] else {
                if ports.contains(name) {
                    if seen.insert(name).inserted { inputs.append(name) }
                } else if model.tensors[name] == nil {
                    throw .malformed("The graph of \(file) lacks the value \(name.quoted).")
                }
                return
            }
            guard isDone[node] == nil else {
                guard isDone[node] == true else {
                    throw .malformed("The graph of \(file) has a cycle through the value \(name.quoted).")
                }
                return
            }
            isDone[node] = false
            stack.append((node, 0))
        }
        func follow(_ name: String) throws(InterchangeError) {
            var stack: [(node: Int, next: Int)] = []
            try visit(name, &stack)
            while let (node, next) = stack.last {
                let names = model.nodes[node].inputs
                guard next < names.count else {
                    isDone[node] = true
                    nodes.append(node)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                if !names[next].isEmpty { try visit(names[next], &stack) }
            }
        }
        var parts: [[Int]] = []
        for name in wanted {
            nodes = []
            try follow(name)
            parts.append(nodes)
        }
        let needed = (parts, inputs)
        // The others are not evaluated, but the graph must be one.
        for name in producers.keys.sorted() { try follow(name) }
        return needed
    }

    /// Whether the first axis of the input is that of the observations, the likelier answer first.
    private func interpretations(_ port: ONNXModel.Port) throws(InterchangeError) -> [Bool] {
        guard [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16].contains(port.element) else {
            throw .notRepresentable("The input \(port.name.quoted) of \(file) has elements that are no numbers.")
        }
        guard let shape = port.shape else { return [true] }
        guard let first = shape.first else {
            throw .notRepresentable("The input \(port.name.quoted) of \(file) is one number; policies here take more.")
        }
        guard let first else { return [true] }
        if shape.count == 1 { return [false] }
        return shape.count == 3 && first > 1 ? [false, true] : first == 1 ? [true, false] : [true]
    }

    /// Returns the flow that stands for the observation, and the number of observations that the graph is written for.
    ///
    /// - Parameter isTurned: Whether the shape that a setting gives has its channels last in the graph; `nil` is returned
    ///   if it cannot have.
    private func observation(
        _ port: ONNXModel.Port, hasBatch: Bool, isTurned: Bool
    ) throws(InterchangeError) -> (flow: GraphFlow, batch: Int?)? {
        let declared = port.shape.map { Array(hasBatch ? $0.dropFirst() : $0[...]) }
        var sizes: [Int] = []
        if let declared, declared.allSatisfy({ $0 != nil }) {
            if isTurned { return nil }
            sizes = declared.compactMap(\.self)
        } else {
            guard let input = try options.input() else {
                throw .ambiguous(
                    "\(file) does not say the shape of its input \(port.name.quoted); set it with --map input=CxHxW.")
            }
            guard !isTurned || input.count == 3 else { return nil }
            sizes = isTurned ? [input[1], input[2], input[0]] : input
            if let declared {
                if declared.count == 1 { sizes = [sizes.reduce(1, *)] }
                guard declared.count == sizes.count, zip(declared, sizes).allSatisfy({ $0 == nil || $0 == $1 }) else {
                    if isTurned { return nil }
                    let axes = declared.map { $0.map { "\($0)" } ?? "?" }.joined(separator: ", ")
                    throw .ambiguous("--map input is \(input); the input \(port.name.quoted) of \(file) is [\(axes)].")
                }
            }
        }
        let count = try ForeignTensor.count(of: sizes, "The input \(port.name.quoted) of \(file)")
        guard (1...Self.elementLimit).contains(count) else {
            throw .notRepresentable(
                "The input \(port.name.quoted) of \(file) has \(count) elements; from 1 to \(Self.elementLimit) are "
                    + "possible.")
        }
        let shape = (hasBatch ? [GraphExtent.batch] : []) + sizes.map { .size($0) }
        let place = sizes.count == 3 ? sizes : [count]
        return (
            GraphFlow(shape: shape, view: GraphView(count: count), place: place),
            hasBatch ? port.shape?.first ?? nil : nil
        )
    }
}
