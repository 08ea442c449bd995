internal import DQNModel

extension ForeignModule {
    /// Completes what several tensors make together.
    mutating func complete() {
        if let original = factors["original"] {
            factors["right"] = factors["right"] ?? factors["direction"]
            weight = original
            if factors["left"] == nil || factors["right"] == nil { others.append("weight_orig without its vectors") }
        } else if let direction = factors["direction"] {
            weight = direction
            if factors["magnitude"] == nil { others.append("weight_v") }
        } else if let factor = factors.keys.min() {
            others.append("weight_\(factor)")
        }
        let rows = weight?.shape.first ?? 0
        let width = rows > 0 ? (weight?.count ?? 0) / rows : 0
        for (factor, counts) in [("magnitude", [1, rows]), ("left", [rows]), ("right", [width])] {
            guard let tensor = factors[factor] else { continue }
            // Magnitudes of columns, as weight_norm(dim=1) has them, lie along another axis.
            let isAlongRows = factor != "magnitude" || tensor.count == 1 || tensor.shape.first == rows
            if counts.contains(tensor.count), isAlongRows { continue }
            others.append("weight_\(factor) of \(tensor.shape)")
        }
        // PyTorch's tables have the numbers first, as kernels have the inputs.
        if bias == nil, order == .outputsFirst, weight?.shape.count == 2, (path.last ?? "").lowercased().contains("emb")
        {
            order = .outputsLast
        }
        // Hand-written networks have biases that are rows or columns.
        if let bias, bias.shape.count == 2, bias.shape.contains(1) { self.bias = bias.flattened }
    }

    /// Finds out which axes have the outputs: from biases, then from the other layers of the dictionary, then from layers
    /// that follow one another.
    static func decideOrders(_ modules: inout [ForeignModule]) {
        var certain: Set<Bool> = []
        for place in modules.indices {
            guard let weight = modules[place].weight, let bias = modules[place].bias, bias.shape.count == 1,
                weight.shape.count == 2 || weight.shape.count == 4, let first = weight.shape.first,
                let last = weight.shape.last
            else { continue }
            let (isFirst, isLast) = (bias.shape[0] == first, bias.shape[0] == last)
            guard isFirst != isLast else { continue }
            modules[place].order = isFirst ? .outputsFirst : .outputsLast
            if weight.shape.count == 2 { certain.insert(isFirst) }
        }
        guard modules.contains(where: { $0.isUndecided }) || certain == [false] else { return }
        if certain.count == 1, let isFirst = certain.first {
            for place in modules.indices where modules[place].isSquare {
                if modules[place].order == nil || !isFirst {
                    modules[place].order = isFirst ? .outputsFirst : .outputsLast
                }
            }
        }
        decideByNeighbours(&modules)
    }

    /// Whether neither the name nor the shapes have told the order.
    var isUndecided: Bool { order == nil && (weight?.shape.count ?? 0) > 1 }

    private var isSquare: Bool { weight.map { $0.shape.count == 2 && $0.shape[0] == $0.shape[1] } ?? false }

    /// Layers without biases: of both orders the one in which each layer takes what the one before it gives.
    private static func decideByNeighbours(_ modules: inout [ForeignModule]) {
        guard modules.contains(where: { $0.isUndecided }) else { return }
        let fitting = [Order.outputsLast, .outputsFirst].map { order in
            modules.map { module in
                var module = module
                if module.isUndecided { module.order = order }
                return module
            }
        }.filter { NetworkPlan.isChain($0) }
        // Shapes that fit either way tell nothing.
        if fitting.count == 1 { modules = fitting[0] }
    }

    /// Moves layer normalisations that stand together behind the layers with their numbers: modules may create all their
    /// layers before their normalisations.
    static func placeNormalizations(_ modules: inout [ForeignModule]) {
        let norms = modules.indices.filter { modules[$0].isNormalization }
        let isTogether = zip(norms, norms.dropFirst()).contains { $1 == $0 + 1 } || norms.last == modules.count - 1
        guard isTogether else { return }
        for path in norms.map({ modules[$0].path }) {
            guard let place = modules.firstIndex(where: { $0.path == path }) else { continue }
            let norm = modules[place]
            let target = modules.firstIndex {
                !$0.isNormalization && $0.trailingNumber == norm.trailingNumber && !norm.trailingNumber.isEmpty
                    && $0.shape.first == norm.shape.first && $0.path != norm.path
            }
            guard let target, target != place - 1 else { continue }
            modules.remove(at: place)
            modules.insert(norm, at: target < place ? target + 1 : target)
        }
    }

    /// The digits at the end of the name.
    var trailingNumber: String { String((path.last ?? "").reversed().prefix { $0.isNumber }.reversed()) }

    /// Returns the layers of tensors that have numbers instead of names, such as `arr_0` and `arr_1` or the items of a
    /// list: weights, each perhaps with its bias behind it. `nil` if there are names.
    static func sequence(_ dictionary: StateDictionary) -> [ForeignModule]? {
        let numbers = dictionary.tensors.map { TensorName.words($0.name.lowercased()) }
        let isNumbered = numbers.allSatisfy { words in
            words.count <= 2 && words.last.map { Int($0) != nil } ?? false && words.first == numbers[0].first
                || words.count == 1 && Int(words[0]) != nil
        }
        guard numbers.count > 1, isNumbered, !["w", "b", "weight", "bias", "kernel"].contains(numbers[0].first) else {
            return nil
        }
        var modules: [ForeignModule] = []
        let base = dictionary.path.split(separator: ".").map(String.init)
        let tensors = zip(dictionary.tensors, numbers).sorted { Int($0.1.last ?? "") ?? 0 < Int($1.1.last ?? "") ?? 0 }
        for ((name, tensor), _) in tensors {
            let isVector = tensor.shape.count == 1 || tensor.shape.count == 2 && tensor.shape.contains(1)
            if isVector, let last = modules.last, last.bias == nil, let weight = last.weight, weight.shape.count > 1,
                tensor.count == weight.shape.first || tensor.count == weight.shape.last
            {
                modules[modules.count - 1].bias = tensor.flattened
                continue
            }
            var module = ForeignModule(path: base + [name])
            module.weight = tensor
            module.order = nil
            modules.append(module)
        }
        guard modules.contains(where: { $0.bias != nil || $0.shape.count > 1 }) else { return nil }
        decideOrders(&modules)
        return modules
    }
}
