internal import DQNModel

/// A layer of a foreign network: the tensors that share a name up to `weight` and `bias`.
struct ForeignModule {
    /// Which axis of the weights has the outputs.
    enum Order: Equatable {
        /// The first: `[outputs, inputs]` and `[outputs, inputs, rows, columns]`.
        case outputsFirst
        /// The last: `[inputs, outputs]` and `[rows, columns, inputs, outputs]`.
        case outputsLast
    }

    /// The name without `.weight` or `.bias`, with the path of its dictionary.
    let path: [String]
    var weight: ForeignTensor?
    var bias: ForeignTensor?
    /// The order of the weights' axes; `nil` if neither the name nor the shapes tell it.
    var order: Order? = .outputsFirst
    /// The parts of a spectral or a weight normalisation, by their names in ``TensorName/Part``.
    var factors: [String: ForeignTensor] = [:]
    /// The statistics of a batch normalisation.
    var statistics: (mean: ForeignTensor?, variance: ForeignTensor?) = (nil, nil)
    /// Batch normalisations that are part of the layer: they come directly before it or after it.
    var normalizations: [BatchNormalization] = []
    /// Whether its weights are the means of a noisy layer.
    var isNoisy = false
    /// Whether it is a table with a row for each number that an observation may be. Such a number enters networks here as
    /// one unit for each, and the rows are the weights of a layer without bias and activation.
    var isEmbedding: Bool {
        (path.last ?? "").lowercased().contains("emb") && bias == nil && order == .outputsLast
            && weight?.shape.count == 2
    }
    /// Names of tensors that layers of this library do not have, such as `weight_ih_l0`.
    var others: [String] = []

    init(path: [String]) { self.path = path }

    var name: String { path.joined(separator: ".") }

    /// The extents of the weight, outputs first.
    var shape: [Int] {
        guard let shape = weight?.shape else { return [] }
        guard order == .outputsLast else { return shape }
        return shape.count == 4 ? [shape[3], shape[2], shape[0], shape[1]] : shape.reversed()
    }

    /// Whether it is a convolution of pictures whose channels are on the last axis.
    var isChannelsLast: Bool { order == .outputsLast && weight?.shape.count == 4 }

    /// Whether it is a layer normalisation, or a batch normalisation that has not been folded.
    var isNormalization: Bool { statistics.mean != nil || weight.map { [1, 3].contains($0.shape.count) } ?? false }

    /// Groups the tensors of a dictionary, in the order of the file.
    ///
    /// - Parameters:
    ///   - transposed: The names of layers, and whether their weights have the outputs last.
    ///   - budget: How much the search for neighbours of normalisations may cost.
    /// - Throws: ``InterchangeError``: `malformed` for names that are too long, or that mean the same tensor; `ambiguous`
    ///   if the search was stopped.
    static func all(
        in dictionary: StateDictionary, transposed: [String: Bool] = [:], _ file: String,
        _ budget: SearchBudget = SearchBudget()
    ) throws(InterchangeError) -> [ForeignModule] {
        try requireFewNames(dictionary.path.split(separator: ".").count + 1, dictionary.path, file)
        if var modules = sequence(dictionary) {
            setOrders(transposed, &modules)
            return modules
        }
        var modules: [ForeignModule] = []
        var places: [[String]: Int] = [:]
        for (name, tensor) in dictionary.tensors {
            let full = dictionary.path.isEmpty ? name : "\(dictionary.path).\(name)"
            guard full.utf8.count <= ForeignLimit.nameBytes else { throw .tooLong(full, file) }
            let found = TensorName(full)
            try requireFewNames(found.path.count, full, file)
            let place = places[found.path] ?? modules.count
            if place == modules.count {
                places[found.path] = place
                modules.append(ForeignModule(path: found.path))
            }
            guard modules[place].add(tensor, found) else {
                let part = found.part == .bias ? "bias" : "weight"
                throw .malformed(
                    "\(file) has two tensors for the \(part) of '\(modules[place].name)'; the second is '\(name)'.")
            }
        }
        // Noise alone is no layer.
        modules.removeAll {
            $0.weight == nil && $0.bias == nil && $0.others.isEmpty && $0.factors.isEmpty
                && $0.statistics.mean == nil
        }
        for place in modules.indices { modules[place].complete() }
        decideOrders(&modules)
        // Normalisations become parts of layers by the layers' shapes.
        setOrders(transposed, &modules)
        // Networks have fewer layers; the search takes time in proportion to their square.
        if modules.count <= 1024 {
            guard budget.take(modules.count * modules.count { $0.isNormalization } / 8) else {
                try budget.requireRest(file)
                return []
            }
            BatchNormalization.fold(into: &modules)
            placeNormalizations(&modules)
        }
        return modules
    }

    private static func requireFewNames(_ count: Int, _ name: String, _ file: String) throws(InterchangeError) {
        guard count <= ForeignLimit.nameComponents else {
            throw .malformed(
                "'\(name)' of \(file) has more than \(ForeignLimit.nameComponents) names within one another.")
        }
    }

    /// Sets the orders that the user gives. Only dense layers and convolutions have one.
    private static func setOrders(_ transposed: [String: Bool], _ modules: inout [ForeignModule]) {
        for place in modules.indices {
            guard let isTransposed = transposed[modules[place].name],
                [2, 4].contains(modules[place].weight?.shape.count)
            else { continue }
            modules[place].order = isTransposed ? .outputsLast : .outputsFirst
        }
    }

    /// Adds a part; returns whether the layer lacked it.
    private mutating func add(_ tensor: ForeignTensor, _ name: TensorName) -> Bool {
        func set(_ part: inout ForeignTensor?) -> Bool {
            defer { part = tensor }
            return part == nil
        }
        if name.isNoisy { isNoisy = true }
        switch name.part {
        case .weight, .kernel, .matrix:
            order = name.part == .kernel ? .outputsLast : name.part == .weight ? .outputsFirst : nil
            return set(&weight)
        case .bias: return set(&bias)
        case .ignored: return true
        case .spectral(let factor): return set(&factors[factor])
        case .magnitude: return set(&factors["magnitude"])
        case .direction: return set(&factors["direction"])
        case .mean: return set(&statistics.mean)
        case .variance: return set(&statistics.variance)
        case .other(let text):
            // A counter, such as of steps, is no part of a layer.
            let isFraction = [.float16, .bfloat16, .float32, .float64].contains(tensor.element)
            if tensor.count > 1 || isFraction { others.append(text) }
            return true
        }
    }

    /// What a layer is that this library lacks; `nil` for a dense layer, a convolution or a layer normalisation.
    var unsupported: String? {
        if statistics.mean != nil { return "a batch normalisation" }
        if others.contains(where: { $0.hasPrefix("weight_ih") || $0.hasPrefix("weight_hh") }) {
            return "a recurrent layer"
        }
        if others.contains("in_proj_weight") { return "an attention layer" }
        if let other = others.first { return "a layer with the tensor '\(other)'" }
        guard let weight else { return "a layer without a weight" }
        let isNormalization = [1, 3].contains(weight.shape.count)
        if let bias, bias.shape != (isNormalization ? weight.shape : [shape.first ?? 0]) {
            return "a layer with a bias of \(bias.shape)"
        }
        switch weight.shape.count {
        case 2, 4: return nil
        case 1 where bias != nil, 3 where bias != nil: return nil
        default: return "a layer with a weight of \(weight.shape)"
        }
    }
}
